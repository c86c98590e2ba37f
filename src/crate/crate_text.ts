import type { Entity } from "./entity.ts";
import { CONTEXTS } from "./crate_graph.ts";

/** Pieces of a size that is worth a call to the system. */
const PIECE_CHARACTERS = 64 * 1024;

/** Renders a crate's metadata document, an entity a line, in pieces: it need not be in memory. */
export function* textOfCrate(graph: Iterable<Entity>): Generator<string> {
  let piece = "";
  for (const line of linesOf(graph)) {
    piece += line;
    if (piece.length < PIECE_CHARACTERS) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}

function* linesOf(graph: Iterable<Entity>): Generator<string> {
  yield `{\n"@context": ${JSON.stringify(CONTEXTS)},\n"@graph": [\n`;
  let isFirst = true;
  for (const entity of graph) {
    yield `${isFirst ? "" : ",\n"}${textOfValue(entity)}`;
    isFirst = false;
  }
  yield "\n]\n}\n";
}

/** As `JSON.stringify` writes half a character: `\udc80`. */
const HALF_CHARACTER_REGEXP = /\\ud[89a-f]/;

/** A value as JSON that everybody can read, whatever names are in it. */
export function textOfValue(value: unknown): string {
  const text = JSON.stringify(value);
  // To look at each string takes four times as long, and hardly one has any.
  return HALF_CHARACTER_REGEXP.test(text) ? JSON.stringify(value, wellFormed) : text;
}

/** A name that is no text, put into a record by whoever, must not make the document one that none reads. */
function wellFormed(_: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed() : value;
}
