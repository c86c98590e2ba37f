import { resolve } from "node:path";
import { exportCrate } from "../../crate/export_crate.ts";
import type { ExportFormat } from "../../crate/export_crate.ts";
import { UserError } from "../../errors.ts";
import { fieldsOfError } from "../../session/error_fields.ts";
import type { CommandContext } from "../context.ts";
import type { ExportOptions } from "./definition.ts";
import { ofDataset } from "../../session/result_record.ts";
import { withoutAbsent } from "../../jobs/without_absent.ts";

/** Writes recorded jobs in a form that other tools read. */
export async function runExport(options: ExportOptions, context: CommandContext): Promise<void> {
  const { revisions = "HEAD", name, description, license } = options;
  const { format, path } = requireTarget(options, context.cwd);
  const dataset = await context.openDataset(options.dataset);
  const title = withoutAbsent({ name, description, license });
  const exported = await exportCrate(dataset, { format, path, revisions, title }, context);
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
    ...{ format, form, described: files, contained },
  });
  for (const { commit, error } of unreadable) {
    context.report({
      ...ofDataset(dataset, "slurm-export", "error"),
      refds: dataset.root,
      commit,
      ...fieldsOfError(error),
    });
  }
}

/**
 * Reads what is to be written, and where.
 *
 * @throws {UserError} `USAGE` unless it is one thing, with options that go with it.
 */
function requireTarget(
  { roCrate = "", prov = "", name, description, license }: ExportOptions,
  cwd: string,
): { readonly format: ExportFormat; readonly path: string } {
  const refuse = (why: string) =>
    new UserError("USAGE", `Cannot export jobs: ${why}`, {
      unchanged: "Nothing was written",
      hint: "dlslurm export --ro-crate FOLDER",
    });
  if (roCrate !== "" && prov !== "") throw refuse("--ro-crate and --prov are two exports");
  if (roCrate !== "") return { format: "ro-crate", path: resolve(cwd, roCrate) };
  if (prov === "") throw refuse("it is not said in which form, and where to");
  if ((name ?? description ?? license) !== undefined) {
    throw refuse(
      "--name, --description and --license are a crate's; PROV-JSON has no place for them",
    );
  }
  return { format: "prov", path: resolve(cwd, prov) };
}
