import assert from "node:assert/strict";
import { FileTable } from "../../src/crate/crate_file.ts";

/** Notes contents at paths, all of them here, and gives the identifiers. */
function idsOf(noted: readonly (readonly [path: string, blob: string])[], holdsContents = true) {
  const table = new FileTable();
  for (const [path, blob] of noted) table.note({ path, place: ".", blob }).isInGit = true;
  table.giveIds(holdsContents);
  return [...table.files].map(({ id }) => id);
}

Deno.test("FileTable: the newest content of a path has it, older ones are beside", () => {
  assert.deepEqual(idsOf([["a", "111"], ["a", "222"], ["a", "333"]]), [
    "versions/111/a",
    "versions/222/a",
    "a",
  ]);
  assert.deepEqual(idsOf([["a", "111"], ["a", "222"], ["a", "111"]]), ["a", "versions/222/a"]);
});

Deno.test("FileTable: a document alone has no payload", () => {
  assert.deepEqual(idsOf([["a", "111"], ["a", "222"]], false), ["#files/a@111", "#files/a"]);
});

Deno.test("FileTable: no file takes another one's place, the document's, or one outside", () => {
  const names = ["x/../y", "/etc", "a//b", ".git/config", "A/.GIT/hooks", "ro-crate-metadata.json"];
  const ids = idsOf([
    ...names.map((name): [string, string] => [name, "1"]),
    ["f", "1"],
    ["f/g", "2"],
    ["F", "3"],
    ["d/e", "4"],
    ["D", "5"],
    ["versions/111/v", "6"],
    ["v", "111"],
    ["v", "222"],
  ]);

  assert.deepEqual(ids.filter((id) => !id.startsWith("#")), ["f", "d/e", "versions/111/v", "v"]);
  assert.equal(new Set(ids).size, ids.length);
});

Deno.test("FileTable: what is not here, and a link, is described only", () => {
  const table = new FileTable();
  table.note({ path: "gone", place: ".", blob: "1" });
  table.note({ path: "link", place: ".", blob: "2", mode: "120000" }).isInGit = true;
  table.note({ path: "annexed", place: ".", key: "MD5-s1--00" }).object = "/objects/00";

  table.giveIds(true);

  assert.deepEqual([...table.files].map(({ id, payload }) => [id, payload]), [
    ["#files/gone", undefined],
    ["#files/link", undefined],
    ["annexed", "annexed"],
  ]);
});
