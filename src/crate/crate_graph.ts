import type { Dataset } from "../datalad/dataset.ts";
import { actionsOf, idOfRun, idsOfActions } from "./actions.ts";
import type { CrateModel, LongList, RunWithFiles } from "./crate_model.ts";
import { refsTo, refTo } from "./entity.ts";
import type { Entity } from "./entity.ts";
import { localId } from "./entity_ids.ts";
import { entityOfFile } from "./file_entity.ts";
import { personOf } from "./person.ts";

/** What a crate says of itself. */
export interface CrateTitle {
  /** Tells it from other crates. */
  readonly name: string;
  /** What it is about. */
  readonly description: string;
  /** An address, or words. */
  readonly license: string;
}

/** The contexts that the terms are from; the second one has `resourceUsage`, `sha256` and the like. */
export const CONTEXTS: readonly string[] = [
  "https://w3id.org/ro/crate/1.1/context",
  "https://w3id.org/ro/terms/workflow-run/context",
];
/** The specification that the profile extends. */
const SPECIFICATION = "https://w3id.org/ro/crate/1.1";
/** The newest release of the profile. */
const PROFILE = "https://w3id.org/ro/wfrun/process/0.5";

const SBATCH: Entity = {
  "@id": "https://slurm.schedmd.com/sbatch.html",
  "@type": "SoftwareApplication",
  name: "sbatch",
  description: "Slurm's command that submits jobs; what it ran in this one is not recorded",
  url: "https://slurm.schedmd.com/sbatch.html",
};

/** Gives all entities of a crate, the descriptor and the root first; of each no more than one is in memory. */
export function* graphOf(
  { runs, table }: CrateModel,
  title: CrateTitle,
  { dataset, now }: { readonly dataset: Dataset; readonly now: Date },
): Generator<Entity> {
  const people = new Map(
    runs.map(({ subject }) => personOf(subject.run.commit.author))
      .map((person) => [person["@id"], person]),
  );
  const lists = new Map(
    runs.flatMap(({ longList }) => longList === undefined ? [] : [[idOfList(longList), longList]]),
  );
  const license = licenseOf(title.license);
  yield {
    "@id": "ro-crate-metadata.json",
    "@type": "CreativeWork",
    about: refTo("./"),
    conformsTo: refTo(SPECIFICATION),
  };
  yield {
    "@id": "./",
    "@type": "Dataset",
    name: title.name,
    description: title.description,
    datePublished: now.toISOString(),
    license: typeof license === "string" ? license : refTo(license["@id"]),
    conformsTo: refTo(PROFILE),
    identifier: dataset.dsid === null ? undefined : `urn:uuid:${dataset.dsid}`,
    version: dataset.headOid,
    author: refsTo(people.keys()),
    hasPart: refsTo(idsWithPayload(table)),
    mentions: refsTo([
      ...runs.flatMap(({ subject }) => idsOfActions(subject)),
      ...lists.keys(),
    ]),
  };
  yield { "@id": PROFILE, "@type": "CreativeWork", name: "Process Run Crate", version: "0.5" };
  if (typeof license !== "string") yield license;
  yield* people.values();
  yield* instrumentsOf(runs);
  for (const run of runs) yield* actionsOf(run.subject, linksOf(run));
  for (const [id, list] of lists) yield listEntity(id, list);
  yield* foldersOf(runs);
  for (const file of table.files) yield entityOfFile(file);
}

function idsWithPayload(table: CrateModel["table"]): string[] {
  const ids: string[] = [];
  for (const { id, payload } of table.files) if (payload !== undefined) ids.push(id);
  return ids;
}

/** An address becomes an entity of its own, as the specification would have it. */
function licenseOf(license: string): Entity | string {
  const isAddress = /^https?:\/\/\S+$/.test(license);
  return isAddress
    ? {
      "@id": license,
      "@type": "CreativeWork",
      name: license,
      description: "The licence of this crate",
    }
    : license;
}

function linksOf(run: RunWithFiles) {
  const { inputs, images, folders, longList, results } = run;
  return {
    instrument: instrumentOf(run),
    attemptInstruments: run.attemptScripts.map((script) => script?.id),
    objects: [
      ...inputs.map(({ id }) => id),
      ...folders.map(({ path, tree }) => idOfFolder(path, tree)),
      ...(longList === undefined ? [] : [idOfList(longList)]),
    ],
    results: results.map(({ id }) => id),
    images: images.map(({ id }) => id),
  };
}

function instrumentOf({ script, subject }: RunWithFiles): string {
  if (script !== undefined) return script.id;
  return isWrapped(subject) ? `${idOfRun(subject)}/wrap` : SBATCH["@id"];
}

function isWrapped({ run }: RunWithFiles["subject"]): boolean {
  return run.record.evidence?.script?.wrap === true;
}

function* instrumentsOf(runs: readonly RunWithFiles[]): Generator<Entity> {
  let isSbatchTold = false;
  for (const { script, subject } of runs) {
    if (script !== undefined) continue;
    if (isWrapped(subject)) {
      yield {
        "@id": `${idOfRun(subject)}/wrap`,
        "@type": "SoftwareSourceCode",
        name: "sbatch --wrap",
        description: "The commands that stand in the command line",
        text: subject.run.record.cmd,
        version: subject.run.record.evidence?.script?.blob,
      };
    } else if (!isSbatchTold) {
      isSbatchTold = true;
      yield SBATCH;
    }
  }
}

function idOfList({ digest }: LongList): string {
  return localId("inputs", digest);
}

function listEntity(id: string, { count, digest, list }: LongList): Entity {
  return {
    "@id": id,
    "@type": "Collection",
    name: `${count} input files`,
    description: "Their paths, with what tells their contents, stand one a line in a list",
    subjectOf: list === undefined ? undefined : refTo(list.id),
    identifier: digest,
  };
}

function idOfFolder(path: string, tree: string): string {
  return `${localId("folders", path)}/@${tree}`;
}

function* foldersOf(runs: readonly RunWithFiles[]): Generator<Entity> {
  const told = new Set<string>();
  for (const { folders } of runs) {
    for (const { path, tree } of folders) {
      const id = idOfFolder(path, tree);
      if (told.has(id)) continue;
      told.add(id);
      yield {
        "@id": id,
        "@type": "Dataset",
        name: path.slice(path.lastIndexOf("/") + 1),
        alternateName: `${path}/`,
        description: "A folder of many files",
        identifier: tree.length === 40 ? `swh:1:dir:${tree}` : tree,
      };
    }
  }
}
