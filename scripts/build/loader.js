// Runs the program that lies beside this module. As texts that are evaluated, not as modules: the
// runtime would parse a module a second time to look for imports, which takes longer than running it.
// Each part of it is read when it is needed: parsing all of them would be half the time of a start.
import * as sqlite from "node:sqlite";

/** Where each part lies: offset and length in bytes. */
const PARTS = JSON.parse(`@PARTS@`);
const path = decodeURIComponent(new URL(import.meta.url.replace(/\.js$/, ".txt")).pathname);
const importMeta = { url: import.meta.url, main: true };
const AsyncFunction = (async () => {}).constructor;
const loaded = {};
const decoder = new TextDecoder();
const FRONT_BYTES = 300_000;

function load(name) {
  return loaded[name] ??= new AsyncFunction("sqlite", "importMeta", "load", read(PARTS[name]))(
    sqlite,
    importMeta,
    load,
  );
}

/** Opened once: with each opening the runtime looks at the path again, which may lie on a network. */
const file = Deno.openSync(path);
/** What lies in front is what each start loads, in some thirty parts. */
const front = readAt(0, Math.min(FRONT_BYTES, Math.max(...Object.values(PARTS).map(endOf))));

function endOf([offset, length]) {
  return offset + length;
}

function read(part) {
  const [offset, length] = part;
  const bytes = endOf(part) <= front.length
    ? front.subarray(offset, endOf(part))
    : readAt(offset, length);
  return decoder.decode(bytes);
}

function readAt(offset, length) {
  file.seekSync(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) throw new RangeError(`Cannot read "${path}": it is too short`);
    done += count;
  }
  return bytes;
}

await load("./main.js");
