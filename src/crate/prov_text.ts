import type { Dataset } from "../datalad/dataset.ts";
import type { Entity, Reference } from "./entity.ts";
import { textOfValue } from "./crate_text.ts";

/** W3C PROV-JSON, member submission of 2013: a record's section, and what it is called there. */
type Section = "entity" | "activity" | "agent" | "used" | "wasGeneratedBy" | "wasAssociatedWith";

/** Where the names of attributes and of what is described come from. */
const NAMESPACES: Readonly<Record<string, string>> = {
  schema: "http://schema.org/",
  wfrun: "https://w3id.org/ro/terms/workflow-run#",
  sacct: "https://slurm.schedmd.com/sacct.html#OPT_",
  slurm: "https://slurm.schedmd.com/",
  mailto: "mailto:",
};

/** Types that PROV has classes for, or that schema.org calls otherwise than RO-Crate. */
const TYPES: Readonly<Record<string, string>> = {
  File: "schema:MediaObject",
  Person: "prov:Person",
  SoftwareSourceCode: "schema:SoftwareSourceCode",
  SoftwareApplication: "schema:SoftwareApplication",
  ContainerImage: "wfrun:ContainerImage",
  Dataset: "schema:Dataset",
  Collection: "prov:Collection",
  PropertyValue: "schema:PropertyValue",
};

/** QUDT's names of units, and their symbols. */
const UNIT_SYMBOLS: Readonly<Record<string, string>> = { SEC: "s", BYTE: "B" };

/** Hashes that schema.org has no term for. */
const OF_WORKFLOW_RUN = new Set(["md5", "sha1", "sha512"]);

/**
 * Renders the entities of a crate as a PROV-JSON document, in pieces: actions as activities, people as agents,
 * everything else as entities, and what an action read, wrote, ran and who is behind it as relations. What
 * speaks of the crate itself is left out.
 *
 * @param graph as of a crate that holds no contents, whose files have no places in it.
 */
export function* textOfProv(graph: Iterable<Entity>, dataset: Dataset): Generator<string> {
  const document = new ProvDocument();
  for (const entity of graph) document.add(entity);
  const base = dataset.dsid === null
    ? `urn:x-git-commit:${dataset.headOid}#`
    : `urn:uuid:${dataset.dsid}#`;
  yield `{\n"prefix": ${JSON.stringify({ dataset: base, ...NAMESPACES })}`;
  yield* document.text();
  yield "\n}\n";
}

/** The records of a document, by section, as text. */
class ProvDocument {
  readonly #sections: Record<Section, string[]> = {
    entity: [],
    activity: [],
    agent: [],
    used: [],
    wasGeneratedBy: [],
    wasAssociatedWith: [],
  };
  /** What actions used, which stands in the graph after them. */
  readonly #usage = new Map<string, string>();
  /** Actions whose usage has not all come yet. */
  readonly #actions: Entity[] = [];

  add(entity: Entity): void {
    const types = [entity["@type"]].flat();
    if (types.includes("CreateAction")) this.#actions.push(entity);
    else if (types.includes("Person")) this.#record("agent", entity);
    else if (entity["propertyID"] !== undefined) {
      this.#usage.set(entity["@id"], withUnit(entity));
    } else if (entity["@id"] !== "./" && !types.includes("CreativeWork")) {
      this.#record("entity", entity);
    }
  }

  *text(): Generator<string> {
    for (const action of this.#actions) this.#addAction(action);
    for (const [section, records] of Object.entries(this.#sections)) {
      if (records.length > 0) yield `,\n"${section}": {\n${records.join(",\n")}\n}`;
    }
  }

  #addAction(action: Entity): void {
    const { startTime, endTime, actionStatus, agent, instrument, ...rest } = action;
    const activity = nameOf(action["@id"]);
    const { object, result, containerImage, resourceUsage, ...described } = rest;
    this.#put("activity", activity, {
      "prov:startTime": startTime,
      "prov:endTime": endTime,
      ...attributesOf(described),
      "schema:actionStatus": refsIn(actionStatus).map((id) =>
        qualified(id.replace(NAMESPACES["schema"]!, "schema:"))
      )[0],
      ...Object.fromEntries(
        refsIn(resourceUsage).map((id) => [`sacct:${lastPart(id)}`, this.#usage.get(id)]),
      ),
    });
    for (const id of refsIn(object)) {
      this.#relate("used", { "prov:activity": activity, "prov:entity": nameOf(id) });
    }
    for (const id of refsIn(containerImage)) {
      const role = { "prov:role": "containerImage" };
      this.#relate("used", { "prov:activity": activity, "prov:entity": nameOf(id), ...role });
    }
    for (const id of refsIn(result)) {
      this.#relate("wasGeneratedBy", { "prov:entity": nameOf(id), "prov:activity": activity });
    }
    const plan = refsIn(instrument).map(nameOf)[0];
    for (const id of refsIn(agent)) {
      const relation = { "prov:activity": activity, "prov:agent": nameOf(id), "prov:plan": plan };
      this.#relate("wasAssociatedWith", relation);
    }
  }

  #record(section: Section, entity: Entity): void {
    const types = [entity["@type"]].flat().flatMap((type) => TYPES[type] ?? []).map(qualified);
    this.#put(section, nameOf(entity["@id"]), {
      "prov:type": types.length === 1 ? types[0] : types,
      ...attributesOf(entity),
    });
  }

  #relate(section: Section, relation: Readonly<Record<string, unknown>>): void {
    this.#put(section, `_:${section}${this.#sections[section].length + 1}`, relation);
  }

  #put(section: Section, name: string, attributes: Readonly<Record<string, unknown>>): void {
    this.#sections[section].push(`${textOfValue(name)}: ${textOfValue(attributes)}`);
  }
}

/** The properties of an entity that are values, under the names that PROV or their vocabulary has. */
function attributesOf(entity: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const attributes: Record<string, unknown> = { "prov:label": entity["alternateName"] };
  for (const [name, value] of Object.entries(entity)) {
    if (name.startsWith("@") || name === "alternateName" || !isValue(value)) continue;
    if (name === "name") attributes["prov:label"] ??= value;
    else if (name === "value") attributes["prov:value"] = value;
    else attributes[`${OF_WORKFLOW_RUN.has(name) ? "wfrun" : "schema"}:${name}`] = value;
  }
  return attributes;
}

function isValue(value: unknown): boolean {
  return typeof value === "string" ||
    Array.isArray(value) && value.every((each) => typeof each === "string");
}

/** A quantity as text: sacct itself prints some in other units, TimelimitRaw in minutes. */
function withUnit({ value, unitCode }: Entity): string {
  const symbol = UNIT_SYMBOLS[lastPart(String(unitCode))];
  return symbol === undefined ? String(value) : `${value} ${symbol}`;
}

function refsIn(value: unknown): string[] {
  return value === undefined ? [] : [value].flat().map((each) => (each as Reference)["@id"]);
}

function lastPart(id: string): string {
  return id.slice(id.lastIndexOf("/") + 1);
}

function qualified(name: string): { readonly $: string; readonly type: string } {
  return { $: name, type: "prov:QUALIFIED_NAME" };
}

/** The identifier of an entity of the graph as a qualified name. */
function nameOf(id: string): string {
  if (id.startsWith("mailto:")) return id;
  if (id.startsWith(NAMESPACES["slurm"]!)) return id.replace(NAMESPACES["slurm"]!, "slurm:");
  return `dataset:${id.replace(/^#/, "")}`;
}
