import { join } from "node:path";
import { walkFiles } from "./walk_files.ts";

/** An entity as a reader of the document gets it. */
// deno-lint-ignore no-explicit-any -- a graph that anybody may have written
export type ReadEntity = Record<string, any>;

/** A crate as a reader gets it. */
export interface ReadCrate {
  /** The whole document. */
  readonly document: ReadEntity;
  /** Its entities. */
  readonly graph: ReadEntity[];
  /** The files that are there, relative to the root; absent for a document alone. */
  readonly files: readonly string[] | undefined;
}

/** Reads a crate from a folder, or a document alone. */
export async function readCrate(path: string): Promise<ReadCrate> {
  const { isDirectory } = await Deno.stat(path);
  const file = isDirectory ? join(path, "ro-crate-metadata.json") : path;
  const document = JSON.parse(await Deno.readTextFile(file)) as ReadEntity;
  const files = isDirectory ? (await walkFiles(path)).sort() : undefined;
  return { document, graph: document["@graph"], files };
}

/** The entity with this identifier. */
export function entity(crate: ReadCrate, id: string): ReadEntity {
  const found = crate.graph.find((each) => each["@id"] === id);
  if (found === undefined) throw new Error(`no ${id} among ${crate.graph.map((e) => e["@id"])}`);
  return found;
}

/** The values of a property, however many. */
// deno-lint-ignore no-explicit-any -- as above
export function valuesOf(value: unknown): any[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** The identifiers that a property refers to. */
export function idsIn(value: unknown): string[] {
  return valuesOf(value).map((each) => each["@id"]);
}

/** The actions, in the order of the document. */
export function actionsIn({ graph }: ReadCrate): ReadEntity[] {
  return graph.filter((each) => valuesOf(each["@type"]).includes("CreateAction"));
}
