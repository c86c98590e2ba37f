import { resolve } from "node:path";
import { exportCrate } from "../../crate/export_crate.ts";
import { openDataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { fieldsOfError } from "../../session/error_fields.ts";
import type { CommandContext } from "../context.ts";
import type { ExportOptions } from "./export_options.ts";

/** Writes recorded jobs in a form that other tools read. */
export async function runExport(options: ExportOptions, context: CommandContext): Promise<void> {
  const { roCrate, revisions = "HEAD", name, description, license } = options;
  if (roCrate === undefined || roCrate === "") {
    throw new UserError("USAGE", "Cannot export jobs: it is not said in which form, and where to", {
      unchanged: "Nothing was written",
      hint: "dlslurm export --ro-crate FOLDER",
    });
  }
  const dataset = await openDataset(context.runner, context.cwd, options.dataset);
  const path = resolve(context.cwd, roCrate);
  const title = {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(license === undefined ? {} : { license }),
  };
  const exported = await exportCrate(dataset, { path, revisions, title }, context);
  const { form, jobs, files, contained, unreadable } = exported;
  const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  context.report({
    action: "slurm-export",
    status: "ok",
    path,
    type: form === "folder" ? "directory" : "file",
    refds: dataset.root,
    count: jobs,
    message: `${counted(jobs, "job")}, ${counted(files, "file")}${
      form === "document" ? "" : `, ${contained} of them in the crate`
    }`,
    ...{ format: "ro-crate", form, described: files, contained },
  });
  for (const { commit, error } of unreadable) {
    context.report({
      action: "slurm-export",
      status: "error",
      path: dataset.root,
      type: "dataset",
      refds: dataset.root,
      commit,
      ...fieldsOfError(error),
    });
  }
}
