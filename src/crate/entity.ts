/** An entity of the crate's graph, as JSON-LD has it. */
export interface Entity {
  /** What others refer to it by. */
  readonly "@id": string;
  /** One type, or several. */
  readonly "@type": string | readonly string[];
  /** Its properties; those that are `undefined` are left out. */
  readonly [property: string]: unknown;
}

/** Refers to an entity. */
export interface Reference {
  /** Its identifier. */
  readonly "@id": string;
}

/** Refers to an entity by its identifier. */
export function refTo(id: string): Reference {
  return { "@id": id };
}

/** One value as itself, several as a list, none not at all: compacted JSON-LD has no list of one. */
export function compact<T>(values: readonly T[]): T | readonly T[] | undefined {
  return values.length === 0 ? undefined : values.length === 1 ? values[0] : values;
}

/** Refers to entities, to each of them once. */
export function refsTo(
  ids: Iterable<string>,
): Reference | readonly Reference[] | undefined {
  if (Array.isArray(ids) && ids.length < 2) return compact(ids.map(refTo));
  return compact([...new Set(ids)].map(refTo));
}
