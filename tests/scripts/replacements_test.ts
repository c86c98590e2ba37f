import assert from "node:assert/strict";
import { posix } from "node:path";
import fc from "fast-check";
import { EventEmitter } from "../../scripts/build/replacements/events.ts";
import * as path from "../../scripts/build/replacements/path.ts";
import { renderLazyModule } from "../../scripts/build/lazy_module.ts";

fc.configureGlobal({ numRuns: 2000 });

const part = fc.constantFrom("a", "b.c", ".d", "e.f.g", "..", ".", "", "ü x", "...");
const pathText = fc.tuple(fc.boolean(), fc.array(part, { maxLength: 6 }), fc.boolean())
  .map(([absolute, parts, slash]) => (absolute ? "/" : "") + parts.join("/") + (slash ? "/" : ""));

for (const name of ["normalize", "dirname", "basename", "extname", "isAbsolute"] as const) {
  Deno.test(`path.${name}() of the built file answers as node:path does`, () => {
    fc.assert(fc.property(pathText, (text) => assert.equal(path[name](text), posix[name](text))));
  });
}

for (const name of ["join", "resolve"] as const) {
  Deno.test(`path.${name}() of the built file answers as node:path does`, () => {
    const texts = fc.array(pathText, { maxLength: 4 });
    fc.assert(fc.property(texts, (all) => assert.equal(path[name](...all), posix[name](...all))));
  });
}

Deno.test("path.relative() of the built file answers as node:path does", () => {
  fc.assert(fc.property(pathText, pathText, (from, to) => {
    assert.equal(path.relative(from, to), posix.relative(from, to));
  }));
});

Deno.test("path.basename() of the built file takes a suffix off as node:path does", () => {
  const suffix = fc.constantFrom("", "c", ".c", "b.c", "g", "f.g", "x", "/");
  fc.assert(fc.property(pathText, suffix, (text, end) => {
    fc.pre(!/^\/+$/.test(text)); // node:path keeps slashes there when a suffix is given, else not
    assert.equal(path.basename(text, end), posix.basename(text, end));
  }));
});

Deno.test("EventEmitter of the built file calls listeners in order and counts them", () => {
  const emitter = new EventEmitter();
  const seen: unknown[] = [];

  emitter.on("x", (value) => seen.push(["first", value])).on("x", () => seen.push("second"));

  assert.equal(emitter.emit("x", 1), true);
  assert.equal(emitter.emit("y"), false);
  assert.equal(emitter.listenerCount("x"), 2);
  assert.deepEqual(seen, [["first", 1], "second"]);
});

Deno.test("renderLazyModule() offers functions, objects and the default of a module", async () => {
  const lazy = await importLazily("node:fs");

  assert.equal(lazy.existsSync("/"), true);
  assert.equal(lazy.default.existsSync("/nowhere/at/all"), false);
  assert.equal(lazy.constants.R_OK, 4);
});

Deno.test("renderLazyModule() offers classes that are made, called, asked and compared", async () => {
  const { Buffer, Blob, constants } = await importLazily("node:buffer");

  assert.equal(Buffer.from("YQ==", "base64").toString(), "a");
  assert.equal(Buffer.from("a") instanceof Buffer, true);
  assert.equal([] instanceof Buffer, false);
  assert.equal(new Blob(["abc"]).size, 3);
  assert.equal(typeof constants.MAX_LENGTH, "number");
});

async function importLazily(specifier: string) {
  const text = renderLazyModule(specifier, await import(specifier));
  return await import(`data:text/javascript;base64,${btoa(text)}`);
}
