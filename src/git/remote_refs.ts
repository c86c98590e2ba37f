import { basename } from "node:path";
import { ProgramTimeoutError, textOf } from "../process/runner.ts";
import type { RunResult } from "../process/runner.ts";
import type { Git } from "./git.ts";

/** Another repository, and how it is asked: nobody is there to type a password, and nobody waits for long. */
export interface RemotePlace {
  /** The name of a configured remote. */
  readonly remote: string;
  /** What `git config core.sshCommand` says. */
  readonly sshCommand: string | undefined;
  /** The user's environment. */
  readonly env: { get(name: string): string | undefined };
  /** Milliseconds that one answer may take. */
  readonly timeoutMs: number;
  /** Stops the asking. */
  readonly signal: AbortSignal;
}

/** What became of the wish to have something of another repository; `undefined`: it was done. */
export type RemoteProblem = {
  /** In one line, in git's words. */
  readonly reason: string;
  /** Whether it was reached, and does not want that. */
  readonly isRefused: boolean;
};

/** Not known to git before 2.29; without it FETCH_HEAD tells of what was fetched. */
const WITHOUT_FETCH_HEAD = "--no-write-fetch-head";
/** How git ends that does not know an option. */
const WRONG_OPTION = 129;
/** git-fetch(1) */
const FETCH = [
  ...["fetch", "--quiet", "--prune", "--no-tags", "--no-prune-tags", "--no-auto-gc"],
  // Empty: the configured refspecs stay out of it.
  ...["--recurse-submodules=no", "--refmap="],
];
const PUSH = [
  // The hooks before a push are for what people push: Git LFS looks for its files, others run tests.
  ...["push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed"],
  ...["--recurse-submodules=no"],
];

/** Makes the refs below `to` those that the remote has below `from`, and touches nothing else. */
export async function fetchRefs(
  git: Git,
  place: RemotePlace,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<RemoteProblem | undefined> {
  const refspec = [place.remote, `+${from}/*:${to}/*`];
  let result = await ask(git, place, [...FETCH, WITHOUT_FETCH_HEAD, ...refspec]);
  if (!("isRefused" in result) && result.code === WRONG_OPTION) {
    result = await ask(git, place, [...FETCH, ...refspec]);
  }
  return "isRefused" in result ? result : problemOf(result);
}

/** Has a ref of the remote name an object, whatever it named before, or takes it away: `null`. */
export async function pushRef(
  git: Git,
  place: RemotePlace,
  { ref, oid }: { readonly ref: string; readonly oid: string | null },
): Promise<RemoteProblem | undefined> {
  const refspec = oid === null ? `:${ref}` : `+${oid}:${ref}`;
  const result = await ask(git, place, [
    // Settings that would add refs to it, or forbid that one is named.
    ...["-c", `remote.${place.remote}.mirror=false`, "-c", "push.pushOption="],
    ...[...PUSH, place.remote, refspec],
  ]);
  if ("isRefused" in result) return result;
  const isGone = oid === null && /remote ref does not exist/.test(result.stderr);
  return isGone ? undefined : problemOf(result);
}

/** The names below `from` that the remote has. */
export async function listRefs(
  git: Git,
  place: RemotePlace,
  from: string,
): Promise<readonly string[] | RemoteProblem> {
  const result = await ask(git, place, [
    "ls-remote",
    "--refs",
    "--quiet",
    place.remote,
    `${from}/*`,
  ]);
  if ("isRefused" in result) return result;
  const lines = textOf(result.stdout).split("\n").filter(Boolean);
  return problemOf(result) ?? lines.map((line) => line.slice(line.indexOf("\t") + 1));
}

async function ask(
  git: Git,
  { env, sshCommand, timeoutMs, signal }: RemotePlace,
  args: readonly string[],
): Promise<RunResult | RemoteProblem> {
  try {
    return await git.run(args, { timeoutMs, signal, env: withoutQuestions(env, sshCommand) });
  } catch (error) {
    if (!(error instanceof ProgramTimeoutError)) throw error;
    return { reason: `it did not answer within ${timeoutMs / 1000} s`, isRefused: false };
  }
}

/** What keeps git and ssh from asking a person for anything; helpers that know a password are asked. */
function withoutQuestions(
  env: RemotePlace["env"],
  configured: string | undefined,
): Record<string, string> {
  const quiet = { GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "false", SSH_ASKPASS_REQUIRE: "never" };
  const chosen = env.get("GIT_SSH_COMMAND") ?? configured;
  // Other programs than OpenSSH's have other options.
  const isOther = chosen === undefined
    ? env.get("GIT_SSH") !== undefined
    : basename(chosen.trim().split(/\s/)[0] ?? "") !== "ssh";
  if (isOther) return quiet;
  return {
    ...quiet,
    GIT_SSH_COMMAND: `${chosen ?? "ssh"} -o BatchMode=yes -o ConnectTimeout=8`,
  };
}

function problemOf({ code, stdout, stderr }: RunResult): RemoteProblem | undefined {
  if (code === 0) return undefined;
  // git-push(1), --porcelain: "!\tFROM:TO\t[remote rejected] (reason)"
  const rejected = textOf(stdout).split("\n").find((line) => line.startsWith("!\t"));
  if (rejected !== undefined) {
    return {
      reason: rejected.split("\t").at(-1)!,
      isRefused: /\[remote rejected\]/.test(rejected),
    };
  }
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const reason = lines.find((line) => /^(fatal|error|ssh): /.test(line)) ?? lines[0] ??
    `git ended with exit status ${code}`;
  return { reason, isRefused: false };
}
