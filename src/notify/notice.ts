/**
 * Telling a person who is not there that something is over.
 *
 * A *notice* is a command of the user's own that is run once at the end of long work, with a *summary* of it
 * in environment variables and as JSON on standard input. Nothing that a job, a file or a dataset is called
 * becomes part of a command line.
 *
 * @module
 */

import { UserError } from "../errors.ts";
import { ProgramNotFoundError, ProgramTimeoutError } from "../process/runner.ts";
import type { RunResult } from "../process/runner.ts";
import type { Session } from "../session/session.ts";
import { Tally } from "./tally.ts";
import type { NoticeSubject } from "./tally.ts";

/** A mail or a chat message takes seconds; nobody waits for what hangs. */
const LONGEST_MS = 120_000;

/**
 * Runs `work` with a session whose results are counted, then, once, the user's command. Work that fails is
 * told, too; work that a person interrupted is not: they are there. What is the matter with the command is a
 * warning, and changes nothing of what was done.
 *
 * @param notice a shell command line that the user typed or has in their own configuration; absent or empty:
 * nobody is told.
 * @throws Whatever `work` throws.
 */
export async function withNotice<S extends Session>(
  notice: string | undefined,
  subject: NoticeSubject,
  session: S,
  work: (session: S) => Promise<void>,
): Promise<void> {
  if (notice === undefined || notice.trim() === "") return await work(session);
  const tally = new Tally(subject, session.now());
  const counted: S = {
    ...session,
    report: (record) => {
      tally.add(record);
      session.report(record);
    },
  };
  try {
    await work(counted);
  } catch (error) {
    if (!session.interrupted.aborted) {
      tally.fail(error instanceof UserError ? error : undefined);
      await send(notice, tally, session);
    }
    throw error;
  }
  if (!session.interrupted.aborted) await send(notice, tally, session);
}

async function send(notice: string, tally: Tally, session: Session): Promise<void> {
  const problem = await run(notice, tally, session).catch((error) => {
    if (error instanceof ProgramNotFoundError || error instanceof UserError) return error.message;
    if (error instanceof ProgramTimeoutError) return `it did not end in ${LONGEST_MS / 1000} s`;
    throw error;
  });
  if (problem === undefined) return;
  session.warn(`the notice was not given, "${notice}": ${problem}`);
}

async function run(notice: string, tally: Tally, session: Session): Promise<string | undefined> {
  const { environment, json } = tally.summaryAt(session.now());
  const { code, stderr }: RunResult = await session.runner.run(["/bin/sh", "-c", notice], {
    env: environment,
    stdin: `${JSON.stringify(json)}\n`,
    timeoutMs: LONGEST_MS,
    signal: session.interrupted,
  });
  if (code === 0) return undefined;
  const said = stderr.trim().split("\n").at(-1)!;
  return `it ended with exit status ${code}${said === "" ? "" : `: ${said}`}`;
}
