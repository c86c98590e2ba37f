import { isInside, joinPath, pathRelativeTo } from "../paths/root_paths.ts";
import type { RunRecord } from "../datalad/run_record.ts";
import type { InputEvidence, InputsDigest, ScriptEvidence } from "../jobs/evidence.ts";
import type { Provenance } from "../provenance/provenance.ts";
import { findRunInputs, fromRoot, scriptOf } from "../provenance/run_inputs.ts";
import type { EntryWithRun } from "../provenance/run_inputs.ts";
import { nameInPlace, readAnnexKeys } from "./annex_keys.ts";
import type { NotedFile } from "./crate_file.ts";

/** A folder that a run read, of which the files are not told. */
export interface ReadFolder {
  /** Relative to the dataset's root. */
  readonly path: string;
  /** Git's object name of it. */
  readonly tree: string;
}

/** What a run read. */
export interface ReadFiles {
  /** The batch script, if it is a file and known. */
  readonly script?: NotedFile;
  /** Those of the attempts before, where the record tells them; in the order of the attempts. */
  readonly attemptScripts?: readonly (NotedFile | undefined)[];
  /** The other files. */
  readonly inputs: readonly NotedFile[];
  /** Folders of more than 1,000 files. */
  readonly folders: readonly ReadFolder[];
  /** Instead of `inputs`: more than 100 files, which stand in a list. */
  readonly digest?: InputsDigest;
  /** Images of containers among `inputs`, by path. */
  readonly images: ReadonlySet<string>;
}

/**
 * Finds what runs read. Where the record has evidence, that tells; else what stood there in the commit
 * before.
 *
 * @returns in the order of `runs`.
 */
export async function findReadByRuns(
  provenance: Provenance,
  runs: readonly EntryWithRun[],
): Promise<ReadFiles[]> {
  const placeOf = await findPlaces(provenance, runs);
  const found = runs.map(({ run: { record } }) => fromEvidence(record, placeOf));
  // For each of these git lists what is at the inputs of all: few at a time, so that it stays little.
  const bare = runs.flatMap(({ run }, at) => isBare(run.record) ? [at] : []);
  for (let start = 0; start < bare.length; start += AT_ONCE) {
    const some = bare.slice(start, start + AT_ONCE);
    const inputs = await findRunInputs(provenance, some.map((at) => runs[at]!));
    const keys = await readAnnexKeys(
      provenance,
      inputs.flat().flatMap(({ place, oid }) => oid === undefined ? [] : [{ place, oid }]),
    );
    for (const [nth, at] of some.entries()) {
      const files = inputs[nth]!.map(({ path, place, oid, mode, isScript }) => {
        const key = oid === undefined ? undefined : keys.get(nameInPlace(place, oid));
        return {
          isScript,
          file: { path, place, mode, ...(key === undefined ? { blob: oid } : { key }) },
        };
      });
      // Evidence also tells where a script is kept that was in no commit.
      const script = found[at]!.script ?? files.find(({ isScript }) => isScript)?.file;
      found[at] = {
        ...(script === undefined ? {} : { script }),
        inputs: files.filter(({ isScript }) => !isScript).map(({ file }) => file),
        folders: [],
        images: imagesOf(runs[at]!.run.record),
      };
    }
  }
  return found;
}

const AT_ONCE = 50;

/** Whether the record has nothing to tell what was read, as those of the extension. */
function isBare({ evidence, inputs, extraInputs }: RunRecord): boolean {
  return evidence === undefined ||
    evidence.inputs === undefined && inputs.length + extraInputs.length > 0;
}

async function findPlaces(
  provenance: Provenance,
  runs: readonly EntryWithRun[],
): Promise<(path: string) => string> {
  const paths = runs.flatMap(({ run: { record } }) => [
    ...listOf(record).map(({ path }) => path),
    ...[scriptOf(record)].filter((path) => path !== undefined),
  ]);
  const groups = await provenance.group(new Set(paths.filter((path) => path !== ".")));
  const places = new Map(
    [...groups].filter(([place]) => place !== ".").flatMap(([place, inner]) =>
      inner.map((path) => [joinPath(place, path), place] as const)
    ),
  );
  return (path) => places.get(path) ?? ".";
}

function fromEvidence(record: RunRecord, placeOf: (path: string) => string): ReadFiles {
  const { inputs } = record.evidence ?? {};
  const listed = listOf(record);
  const { script: own, attempts = [] } = record.evidence ?? {};
  const script = scriptFrom(record, own, placeOf);
  return {
    ...(script === undefined ? {} : { script }),
    attemptScripts: attempts.map((attempt) => scriptFrom(record, attempt.script, placeOf)),
    inputs: listed.filter(({ tree }) => tree === undefined).map((each) => ({
      path: each.path,
      place: placeOf(each.path),
      key: each.key,
      blob: each.blob,
      size: each.size,
    })),
    folders: listed.flatMap(({ path, tree }) => tree === undefined ? [] : [{ path, tree }]),
    ...(inputs !== undefined && !("length" in inputs) ? { digest: inputs } : {}),
    images: imagesOf(record),
  };
}

function scriptFrom(
  record: RunRecord,
  script: ScriptEvidence | undefined,
  placeOf: (path: string) => string,
): NotedFile | undefined {
  if (script?.path === undefined) return undefined;
  const named = { blob: script.blob, mode: "100644" };
  if (script.kept !== undefined) {
    const kept = inOwnDataset(record, script.kept) ?? script.kept;
    return { ...named, path: kept, place: ".", calledAs: script.path };
  }
  const own = script.path.startsWith("/") ? undefined : inOwnDataset(record, script.path);
  return { ...named, path: own ?? script.path, place: own === undefined ? "." : placeOf(own) };
}

function listOf(record: RunRecord): InputEvidence[] {
  const { inputs } = record.evidence ?? {};
  if (inputs === undefined || !("length" in inputs)) return [];
  return inputs.map((each) => ({ ...each, path: inOwnDataset(record, each.path) ?? each.path }));
}

/** A path of evidence, relative to the root of the dataset that has the record. */
function inOwnDataset({ subdataset }: RunRecord, path: string): string | undefined {
  const own = subdataset === null ? path : pathRelativeTo(subdataset, path);
  return own !== undefined && isInside(own) ? own : undefined;
}

/** What datalad-container calls the image of a container, and Apptainer's endings. */
const IMAGE_REGEXP = /(^|\/)\.datalad\/environments\/[^/]+\/image$|\.(sif|simg|img)$/;

function imagesOf(record: RunRecord): Set<string> {
  return new Set(
    record.extraInputs.filter((path) => IMAGE_REGEXP.test(path))
      .flatMap((path) => fromRoot(record, path) ?? []),
  );
}
