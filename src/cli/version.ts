import project from "../../deno.json" with { type: "json" };

/** Version of dlslurm itself. */
export const PROGRAM_VERSION: string = project.version;

/** Who has the file alone has the guides, too. */
const WHERE_GUIDES_ARE = "Guides, with examples: dlslurm help first-job; all of them: dlslurm help";

/** What `--version` shows: `dlslurm 0.2.0 (Deno 2.9.6)`, and where more is to be read. */
export function versionPage(): string {
  return `dlslurm ${PROGRAM_VERSION} (Deno ${Deno.version.deno})\n${WHERE_GUIDES_ARE}\n`;
}
