import { markdownTable } from "markdown-table";
import type { ModuleGraph } from "../layers/module_graph.ts";

/** A folder of src, a module that lies in src itself, or main.ts. */
export interface Room {
  readonly name: string;
  readonly lines: number;
  /** Names of the rooms whose modules it imports, in order. */
  readonly imports: readonly string[];
}

/** A figure that is right to this part of it stands: not every change of a module is one of the picture. */
const TOLERANCE = 0.1;
/** The same for small rooms, in lines. */
const SMALLEST_CHANGE = 50;

/** The room that a module belongs to by its path in the project; `undefined` for what is no code. */
export function roomOf(path: string): string | undefined {
  if (path === "main.ts") return path;
  return /^src\/([^/]+?)(?:\.ts$|\/.*\.ts$)/.exec(path)?.[1];
}

/**
 * Gathers the rooms of a graph of modules, each behind all those that import it.
 *
 * @param linesOf the number of lines of each module.
 */
export function findRooms(graph: ModuleGraph, linesOf: ReadonlyMap<string, number>): Room[] {
  const rooms = new Map<string, { lines: number; imports: Set<string> }>();
  for (const [path, imported] of graph) {
    const name = roomOf(path);
    if (name === undefined) continue;
    const room = rooms.get(name) ?? { lines: 0, imports: new Set() };
    rooms.set(name, room);
    room.lines += linesOf.get(path) ?? 0;
    for (const other of imported.map(roomOf)) {
      if (other !== undefined && other !== name) room.imports.add(other);
    }
  }
  const ordered = [...rooms].map(([name, { lines, imports }]) => ({
    name,
    lines,
    imports: [...imports].sort(),
  }));
  return fromTop(ordered);
}

/**
 * Draws the rooms as a Mermaid flowchart, without the arrows that a longer way shows, and lists them in a
 * table with all that they import.
 *
 * @param former what was drawn last: its figures stay where they are still nearly right.
 */
export function drawRooms(rooms: readonly Room[], former: string): string {
  const figures = new Map(rooms.map((room) => [room.name, figureOf(room, former)]));
  const importsOf = new Map(rooms.map(({ name, imports }) => [name, imports]));
  const linesOf = ({ name }: Room) => figures.get(name)!.toLocaleString("en");
  const boxes = rooms.map((room) => `  ${idOf(room.name)}["${room.name}<br>${linesOf(room)}"]`);
  const arrows = rooms.flatMap(({ name, imports }) =>
    imports.filter((to) => !hasLongerWay(importsOf, name, to))
      .map((to) => `  ${idOf(name)} --> ${idOf(to)}`)
  );
  const table = markdownTable([
    ["room", "lines", "imports"],
    ...rooms.map((room) => [
      `\`${room.name}\``,
      linesOf(room),
      room.imports.map((to) => `\`${to}\``).join(" ") || "nothing",
    ]),
  ]);
  return ["```mermaid", "flowchart TD", ...boxes, ...arrows, "```", "", table].join("\n");
}

/** Rounded, so that nobody takes it for more than it is. */
function figureOf({ name, lines }: Room, former: string): number {
  const row = former.split("\n").find((line) => line.startsWith(`| \`${name}\` `));
  const shown = Number(row?.split("|")[2]?.replaceAll(",", "") ?? NaN);
  const isStillRight = Math.abs(shown - lines) <= Math.max(SMALLEST_CHANGE, lines * TOLERANCE);
  return isStillRight ? shown : Math.max(10, Math.round(lines / 10) * 10);
}

/** Whether a room that `from` imports leads to `to`. */
function hasLongerWay(
  importsOf: ReadonlyMap<string, readonly string[]>,
  from: string,
  to: string,
): boolean {
  const seen = new Set([from]);
  const open = importsOf.get(from)!.filter((next) => next !== to);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === to) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...importsOf.get(next) ?? []);
  }
  return false;
}

/** By the length of the longest way down to them, then by name. */
function fromTop(rooms: readonly Room[]): Room[] {
  const depths = new Map<string, number>();
  const depthOf = (name: string, below: readonly string[]): number => {
    if (below.includes(name)) {
      throw new Error(`Cannot draw the rooms: ${[name, ...below].join(", ")} import in a circle`);
    }
    const known = depths.get(name);
    if (known !== undefined) return known;
    const importers = rooms.filter(({ imports }) => imports.includes(name));
    const above = importers.map((room) => depthOf(room.name, [name, ...below]));
    const depth = Math.max(0, ...above.map((one) => one + 1));
    depths.set(name, depth);
    return depth;
  };
  return rooms.toSorted((a, b) =>
    depthOf(a.name, []) - depthOf(b.name, []) || (a.name < b.name ? -1 : 1)
  );
}

/** Names of nodes may not have a dot. */
function idOf(name: string): string {
  return name.replaceAll(/\W/g, "_");
}
