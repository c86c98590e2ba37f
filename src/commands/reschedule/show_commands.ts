import { isInside } from "../../paths/root_paths.ts";
import { relative } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import type { CommitMessage } from "../../git/history.ts";
import { visibleLine, visibleText } from "../../process/visible_text.ts";
import type { CommandContext } from "../context.ts";
import type { SubmissionPlan } from "../../submit/plan_submission.ts";
import type { RecordedRun } from "../../provenance/recorded_runs.ts";

/** Git's setting for when to ask: a boolean, or `others`, the default. */
const SETTING = "dlslurm.reschedule.confirm";

/**
 * Lets a person look at commands before they are run: those that somebody else has recorded, or all, as the
 * setting says. Without a terminal nobody is asked.
 *
 * @throws {UserError} `NOT_CONFIRMED` if the answer is no.
 */
export async function confirmRuns(
  dataset: Dataset,
  runs: readonly RecordedRun[],
  context: CommandContext,
): Promise<void> {
  if (context.ask === undefined) return;
  const setting = dataset.config.getOwn(SETTING);
  const asksAlways = dataset.config.getBoolean(SETTING);
  if (asksAlways === false) return;
  const isOthers = setting === undefined || setting === "others";
  const own = isOthers ? await ownAddresses(dataset, context) : undefined;
  const doubtful = runs.filter(({ commit }) => !own?.has(commit.author.email.toLowerCase()));
  if (doubtful.length === 0) return;
  for (const run of doubtful) {
    const { commit, record } = run;
    const author = isOthers ? ` by ${nameOf(commit)}` : "";
    show(context, `${commit.oid.slice(0, 10)}${author}, ${jobOf(run, record.pwd)}`, record.cmd);
  }
  const count = doubtful.length === 1 ? "this command" : `these ${doubtful.length} commands`;
  if (await context.ask(`Run ${count}${isOthers ? ", which somebody else has recorded" : ""}?`)) {
    return;
  }
  throw new UserError("NOT_CONFIRMED", "Nothing is run again", {
    unchanged: "No job was submitted",
    hint: `--yes does not ask; git config ${SETTING} false never does`,
  });
}

/** Shows to people what is going to be run: all of it, before it is. */
export function showCommand(
  run: RecordedRun,
  { root }: Dataset,
  { directory, command }: SubmissionPlan,
  context: CommandContext,
): void {
  if (context.isForPrograms) return;
  const folder = relative(root, directory) || ".";
  show(context, `${jobOf(run, isInside(folder) ? folder : directory)} again`, command);
}

function show(context: CommandContext, what: string, command: string): void {
  const lines = visibleText(command).trimEnd().replaceAll("\n", "\n    ");
  context.note(`${visibleLine(what)}: ${lines}`);
}

function jobOf({ record }: RecordedRun, folder: string): string {
  return `job ${record.slurmJobId}${folder === "." ? "" : ` in ${folder}`}`;
}

function nameOf({ author }: CommitMessage): string {
  return `${author.name} <${author.email}>`;
}

/** The addresses by which the user makes commits, in lower case. */
async function ownAddresses(
  { config, git }: Dataset,
  { env }: CommandContext,
): Promise<ReadonlySet<string>> {
  const found = [
    ...["user.email", "author.email", "committer.email"].flatMap((name) => config.allOwn(name)),
    ...["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map((name) => env.get(name) ?? ""),
  ].filter((address) => address !== "");
  if (found.length === 0) {
    // Git makes one up of the names of user and host.
    const { stdout } = await git.run(["var", "GIT_AUTHOR_IDENT"]);
    const address = /<([^>]*)>/.exec(new TextDecoder().decode(stdout))?.[1];
    if (address) found.push(address);
  }
  return new Set(found.map((address) => address.toLowerCase()));
}
