import type { RunRecord } from "../../src/datalad/run_record.ts";
import { renderMessage } from "../../src/datalad/run_record.ts";
import type { Evidence } from "../../src/jobs/evidence.ts";
import { quotePath } from "../../src/git/path_bytes.ts";
import type { EngineWorld } from "../engine/engine_world.ts";

/** What an imported run has that is not the same for all. */
export interface ImportedRun {
  /** Of its record. */
  readonly evidence?: Evidence | undefined;
  /** What its record has beside that. */
  readonly record?: Partial<RunRecord>;
  /** Slurm's word for how it ended. @default "COMPLETED" */
  readonly groupState?: string;
  /** What it wrote: a content each, of a link its target. */
  readonly files: readonly (readonly [mode: string, path: string, content: string])[];
}

/** Puts runs on top of the branch with one `git fast-import`, as finish would have committed them. */
export async function importRuns(
  world: EngineWorld,
  count: number,
  runOf: (at: number) => ImportedRun,
): Promise<void> {
  const branch = (await world.git("symbolic-ref", "HEAD")).trim();
  const encoder = new TextEncoder();
  const data = (text: string) => `data ${encoder.encode(text).length}\n${text}\n`;
  const parts: string[] = [];
  for (let at = 0; at < count; at++) {
    const { evidence, files, record: own, groupState = "COMPLETED" } = runOf(at);
    const record = {
      ...{ chain: [], cmd: `sbatch job.sh ${at}`, dsid: null, extraInputs: [], inputs: [] },
      outputs: files.map(([, path]) => path),
      ...{ pwd: ".", slurmJobId: String(at + 1), slurmOutputs: [], altDir: null },
      ...{ cluster: null, subdataset: null },
      ...(evidence === undefined ? {} : { evidence }),
      ...own,
    };
    parts.push(`commit ${branch}\ncommitter A U Thor <author@example.org> ${1e9 + at} +0000\n`);
    parts.push(data(renderMessage(record, { groupState, paragraphs: [] })));
    if (at === 0) parts.push(`from ${branch}^0\n`);
    for (const [mode, path, content] of files) {
      parts.push(`M ${mode} inline ${quotePath(path)}\n${data(content)}`);
    }
  }
  await world.sandbox.require(["git", "fast-import", "--quiet"], {
    cwd: world.root,
    stdin: parts.join(""),
  });
}
