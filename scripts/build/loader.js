// Runs the program that lies beside this module. As texts that are evaluated, not as modules: the
// runtime would parse a module a second time to look for imports, which takes longer than running it.
// Each part of it is read when it is needed: parsing all of them would be half the time of a start.

/** Where each part lies: offset and length in bytes. */
const PARTS = JSON.parse(`@PARTS@`);
const path = decodeURIComponent(new URL(import.meta.url.replace(/\.js$/, ".txt")).pathname);
const importMeta = { url: import.meta.url, main: true };
const AsyncFunction = (async () => {}).constructor;
const loaded = {};
const decoder = new TextDecoder();
/** So much is read at once: what a command needs lies together. */
const WINDOW_BYTES = 262_144;

function load(name) {
  return loaded[name] ??= name in PARTS ? run(name) : import(name);
}

function run(name) {
  const body = new AsyncFunction("$importMeta", "$load", read(PARTS[name]));
  return body(importMeta, load);
}

/** Opened once: with each opening the runtime looks at the path again, which may lie on a network. */
const file = Deno.openSync(path);
const windows = [];

function read([offset, length]) {
  let window = windows.find((one) => one.offset <= offset && offset + length <= one.end);
  if (window === undefined) {
    const bytes = readAt(offset, Math.max(length, WINDOW_BYTES));
    if (bytes.length < length) throw new RangeError(`Cannot read "${path}": it is too short`);
    window = { offset, end: offset + bytes.length, bytes };
    windows.push(window);
  }
  const start = offset - window.offset;
  return decoder.decode(window.bytes.subarray(start, start + length));
}

/** Fewer than `length` bytes where the file ends before. */
function readAt(offset, length) {
  file.seekSync(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

await load("./main.js");
