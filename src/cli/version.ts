import { DatabaseSync } from "node:sqlite";
import project from "../../deno.json" with { type: "json" };

/** Version of dlslurm itself. */
export const PROGRAM_VERSION: string = project.version;

/** `dlslurm 0.1.0 (Deno 2.9.6, SQLite 3.53.2)` */
function versionText(): string {
  const database = new DatabaseSync(":memory:");
  try {
    const sqlite = database.prepare("SELECT sqlite_version() AS version").get()?.["version"];
    return `dlslurm ${PROGRAM_VERSION} (Deno ${Deno.version.deno}, SQLite ${sqlite})`;
  } finally {
    database.close();
  }
}

/** Who has the file alone has the guides, too. */
const WHERE_GUIDES_ARE = "Guides, with examples: dlslurm help first-job; all of them: dlslurm help";

/** What `--version` shows. */
export function versionPage(): string {
  return `${versionText()}\n${WHERE_GUIDES_ARE}\n`;
}
