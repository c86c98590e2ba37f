/** Guides by name, in the order in which a newcomer reads them, each with its title. */
export const GUIDES = {
  "first-job": "The first job",
  "inputs-and-outputs": "Inputs, outputs and placeholders",
  "containers": "Containers, and what else a job needs",
  "arrays": "Array jobs",
  "campaigns": "Many jobs from a table",
  "failed-jobs": "When jobs fail, or nobody knows",
  "chains": "Jobs that wait for each other",
  "unattended": "Waiting, and finishing without anybody there",
  "evidence": "What made this, and does it still come out?",
  "sharing": "Results as an RO-Crate, and claims for other clones",
  "report": "A report of all jobs",
  "alt-dir": "Running on a parallel file system",
  "subdatasets": "Subdatasets",
  "store-and-recovery": "Where jobs are kept, and what a crash leaves",
  "doctor": "Is this site fit for it?",
  "air-gapped": "Installing on a machine without a network",
  "switching": "Switching from the Python extension, and back",
} as const;

/** Pages that guides lead to, by name, each with its title. */
export const PAGES = {
  "record": "The evidence in a record",
  "result-records": "Result records",
  "crash-safety": "What a kill may leave, and how that is tried",
  "handover": "The file of a handover",
  "recordings": "Recordings of a Slurm",
  "fake-slurm": "The fake Slurm",
} as const;

/** The name of a guide, or of a page that guides lead to, as `dlslurm help` takes it. */
export type GuideName = keyof typeof GUIDES | keyof typeof PAGES;

/** Where a guide has the name of a command, this before it says which is meant. */
const FOLDER_REGEXP = /^(?:guides\/|docs\/(?:guides\/)?|\.\.\/)/;

/** Finds a guide by what was typed: `first-job`, `first_job`, `guides/first-job.md`, `../record.md#cost`. */
export function findGuide(topic: string): GuideName | undefined {
  const name = topic.replace(FOLDER_REGEXP, "").replace(/#.*$/, "").replace(/\.md$/, "")
    .replaceAll("_", "-");
  return Object.hasOwn(GUIDES, name) || Object.hasOwn(PAGES, name) ? name as GuideName : undefined;
}

/** The text of a guide in Markdown, without what is there for its tests. */
export async function readGuide(name: GuideName): Promise<string> {
  // Loaded on demand: most runs show none.
  const { GUIDE_TEXTS } = await import("./texts.ts");
  const texts: Readonly<Record<GuideName, string>> = GUIDE_TEXTS;
  return texts[name].replaceAll(/<!--[\s\S]*?-->\n*/g, "");
}

/** The names of all guides, for a help text of 80 columns. */
export function listGuides(): string {
  const lines = [""];
  for (const name of Object.keys(GUIDES)) {
    const longer = `${lines.at(-1)} ${name}`;
    if (longer.length > MOST_COLUMNS) lines.push(`  ${name}`);
    else lines[lines.length - 1] = longer === ` ${name}` ? `  ${name}` : longer;
  }
  return lines.join("\n");
}

const MOST_COLUMNS = 78;
