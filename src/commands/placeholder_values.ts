import type { Dataset } from "../datalad/dataset.ts";
import type { PlaceholderValues } from "../datalad/placeholders.ts";

/** The placeholders that do not depend on the job's inputs and outputs. */
export function placeholderValues(dataset: Dataset, directory: string): PlaceholderValues {
  return new Map<string, string | readonly string[]>([
    ["pwd", directory],
    ["dspath", dataset.root],
    ["tmpdir", Deno.env.get("TMPDIR") ?? "/tmp"],
    ...dataset.config.withPrefix("datalad.run.substitutions."),
  ]);
}
