import assert from "node:assert/strict";
import { drawRooms, findRooms, roomOf } from "../../scripts/docs/draw_rooms.ts";
import type { Room } from "../../scripts/docs/draw_rooms.ts";

const PATHS = [
  { path: "main.ts", room: "main.ts" },
  { path: "src/errors.ts", room: "errors" },
  { path: "src/git/git.ts", room: "git" },
  { path: "src/commands/list/list.ts", room: "commands" },
  { path: "deno.json", room: undefined },
  { path: "scripts/docs.ts", room: undefined },
];

for (const { path, room } of PATHS) {
  Deno.test(`roomOf() finds ${room ?? "no room"} for ${path}`, () => {
    assert.equal(roomOf(path), room);
  });
}

Deno.test("findRooms() joins the modules of a room, and puts each below all that import it", () => {
  const graph = new Map([
    ["src/errors.ts", []],
    ["src/fs/write.ts", ["src/errors.ts"]],
    ["src/git/refs.ts", ["src/fs/write.ts", "src/git/tree.ts"]],
    ["src/git/tree.ts", ["src/errors.ts"]],
    ["main.ts", ["src/git/refs.ts", "src/fs/write.ts", "deno.json"]],
  ]);
  const lines = new Map([["src/git/refs.ts", 20], ["src/git/tree.ts", 3]]);

  assert.deepEqual(findRooms(graph, lines), [
    { name: "main.ts", lines: 0, imports: ["fs", "git"] },
    { name: "git", lines: 23, imports: ["errors", "fs"] },
    { name: "fs", lines: 0, imports: ["errors"] },
    { name: "errors", lines: 0, imports: [] },
  ]);
});

Deno.test("findRooms() refuses rooms that import each other", () => {
  const graph = new Map([["src/a/x.ts", ["src/b/x.ts"]], ["src/b/x.ts", ["src/a/x.ts"]]]);

  assert.throws(() => findRooms(graph, new Map()), /import in a circle/);
});

const ROOMS: readonly Room[] = [
  { name: "main.ts", lines: 9, imports: ["fs", "git"] },
  { name: "git", lines: 2004, imports: ["errors", "fs"] },
  { name: "fs", lines: 498, imports: ["errors"] },
  { name: "errors", lines: 100, imports: [] },
];

Deno.test("drawRooms() draws no arrow that a longer way shows, and lists all imports", () => {
  const page = drawRooms(ROOMS, "");

  assert.deepEqual(page.match(/\w+ --> \w+/g), [
    "main_ts --> git",
    "git --> fs",
    "fs --> errors",
  ]);
  assert.match(page, /^\| `git` +\| 2,000 \| `errors` `fs` +\|$/m);
  assert.match(page, /^\| `errors` +\| 100 +\| nothing +\|$/m);
});

Deno.test("drawRooms() lets a figure stand that is right to a tenth, and no other", () => {
  const former = drawRooms(ROOMS, "");
  const grown = (lines: number) =>
    ROOMS.map((room) => room.name === "git" ? { ...room, lines } : room);

  assert.equal(drawRooms(grown(2190), former), former);
  assert.match(drawRooms(grown(2300), former), /^\| `git` +\| 2,300 \|/m);
  assert.match(drawRooms(grown(1700), former), /^\| `git` +\| 1,700 \|/m);
});
