/**
 * Recorded jobs as an RO-Crate that other tools read: a Process Run Crate; or what it says as PROV-JSON.
 *
 * A *crate* is a metadata document, `ro-crate-metadata.json`, with the files that it describes beside it; its
 * *payload* are those files. An *entity* is one thing that the document describes: a file, a person, an
 * *action*, which is one run of a script, its *instrument*, from its *objects* to its *results*.
 *
 * @module
 */

import { basename } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import type { Session } from "../session/session.ts";
import type { CrateFile } from "./crate_file.ts";
import { graphOf } from "./crate_graph.ts";
import type { CrateTitle } from "./crate_graph.ts";
import { gatherCrate } from "./crate_model.ts";
import type { CrateModel } from "./crate_model.ts";
import { formOf, requireFreePath, writeWhole } from "./crate_target.ts";
import type { CrateForm, CrateTarget } from "./crate_target.ts";
import { textOfCrate } from "./crate_text.ts";
import type { ChosenRuns } from "./find_runs.ts";
import { findChosenRuns } from "./find_runs.ts";
import { textOfProv } from "./prov_text.ts";
import { writePayload } from "./write_payload.ts";

/** The vocabulary that jobs are described in: `prov` is W3C PROV-JSON. */
export type ExportFormat = "ro-crate" | "prov";

/** What is to be exported, and where to. */
export interface ExportPlan {
  /** How jobs are described. */
  readonly format: ExportFormat;
  /** Absolute; of a crate its ending says what is written, PROV-JSON is always a file. */
  readonly path: string;
  /** Which jobs, as {@linkcode findChosenRuns} takes it. */
  readonly revisions: string;
  /** What the crate says of itself; what is absent is made up from the dataset. */
  readonly title: Partial<CrateTitle>;
}

/** What was exported. */
export interface ExportedCrate {
  /** What was written. */
  readonly form: CrateForm;
  /** How many jobs. */
  readonly jobs: number;
  /** How many files are described. */
  readonly files: number;
  /** How many of them the crate holds. */
  readonly contained: number;
  /** Commits that were left out. */
  readonly unreadable: ChosenRuns["unreadable"];
}

/** The document's name in a crate. */
const DOCUMENT = "ro-crate-metadata.json";

/**
 * Writes recorded jobs as a crate. At `path` is the whole crate afterwards or, after an error or a kill,
 * nothing.
 *
 * @throws {UserError} `FILE_EXISTS`, `NO_RECORD`, `USAGE`, `LIMIT` for a .zip that would be too large.
 */
export async function exportCrate(
  dataset: Dataset,
  { format, path, revisions, title }: ExportPlan,
  session: Session,
): Promise<ExportedCrate> {
  requireFreePath(path);
  const form = format === "prov" ? "document" : formOf(path);
  const chosen = await findChosenRuns(dataset, revisions, session);
  const model = await gatherCrate(chosen, form !== "document", session);
  const payload = [...model.table.files].filter((file) => file.payload !== undefined);
  const graph = graphOf(model, titleOf(dataset, model, title), { dataset, now: session.now() });
  await writeWhole(path, async (temporary) => {
    const target = await openTarget(form, temporary, { path, model, payload });
    try {
      target.begin(DOCUMENT);
      const encoder = new TextEncoder();
      const texts = format === "prov" ? textOfProv(graph, dataset) : textOfCrate(graph);
      for (const text of texts) target.write(encoder.encode(text));
      target.end();
      await writePayload(chosen.provenance, payload, target, session);
    } finally {
      target.close();
    }
  });
  return {
    form,
    jobs: model.runs.length,
    files: model.table.count,
    contained: payload.length,
    unreadable: chosen.unreadable,
  };
}

function titleOf(
  { root }: Dataset,
  { runs }: CrateModel,
  { name, description, license }: Partial<CrateTitle>,
): CrateTitle {
  const ids = runs.map(({ subject }) => subject.entry.jobId);
  const which = ids.length === 1
    ? `Slurm job ${ids[0]}`
    : `${ids.length} Slurm jobs, from ${ids[0]} to ${ids.at(-1)}`;
  const dataset = basename(root);
  return {
    name: name || `${dataset}: ${which}`,
    description: description ||
      `Scripts, inputs, outputs and runs of ${which}, as the Git history of ${dataset} records them`,
    license: license || "No licence is stated; ask the authors before you use this",
  };
}

async function openTarget(
  form: CrateForm,
  temporary: string,
  { path, model, payload }: {
    readonly path: string;
    readonly model: CrateModel;
    readonly payload: readonly CrateFile[];
  },
): Promise<CrateTarget> {
  if (form === "zip") {
    // Loaded on demand: it is for this form alone.
    const { requireFits, ZipTarget } = await import("./zip_target.ts");
    requireFits(path, payload.map(({ size }) => size ?? 0));
    const newest = Math.max(
      0,
      ...model.runs.slice(-1).map(({ subject }) => subject.entry.commit.committedS),
    );
    return new ZipTarget(temporary, path, new Date(newest * 1000));
  }
  const { DocumentTarget, FolderTarget } = await import("./folder_target.ts");
  return form === "folder" ? new FolderTarget(temporary) : new DocumentTarget(temporary);
}
