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

function load(name) {
  return loaded[name] ??= new AsyncFunction("sqlite", "importMeta", "load", read(PARTS[name]))(
    sqlite,
    importMeta,
    load,
  );
}

function read([offset, length]) {
  using file = Deno.openSync(path);
  file.seekSync(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) throw new RangeError(`Cannot read "${path}": it is too short`);
    done += count;
  }
  return new TextDecoder().decode(bytes);
}

await load("./main.js");
