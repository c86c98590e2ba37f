import type { ProcessIdentity } from "../../src/process/process_identity.ts";
import type { Runner } from "../../src/process/runner.ts";
import type { ResultRecord } from "../../src/session/result_record.ts";
import type { Session } from "../../src/session/session.ts";
import { fakeRunner } from "./fake_runner.ts";

/** Who a {@linkcode TestSession} is to other processes. */
export const TEST_PROCESS: ProcessIdentity = {
  host: "login",
  machine: "0123",
  boot: "abcd",
  pidNamespace: "pid:[1]",
  pid: 4242,
  startTicks: 17,
};

/** A session that keeps what an engine hands over, for a test to look at. */
interface TestSession extends Session {
  /** Results in the order in which they were reported. */
  readonly results: ResultRecord[];
  readonly warnings: string[];
  readonly notes: string[];
  readonly relayed: { readonly stdout: string; readonly stderr: string }[];
  /** Titles of the work that was begun. */
  readonly begun: string[];
}

/** What a test wants otherwise than {@linkcode testSession} makes it. */
type SessionChanges = Partial<
  Pick<Session, "runner" | "env" | "now" | "interrupted" | "secondInterrupt" | "isForPrograms">
>;

/** A session without programs, at 2027-01-15T08:00:00Z, that nobody interrupts. */
export function testSession(changes: SessionChanges = {}): TestSession {
  const results: ResultRecord[] = [];
  const warnings: string[] = [];
  const notes: string[] = [];
  const relayed: { readonly stdout: string; readonly stderr: string }[] = [];
  const begun: string[] = [];
  const runner: Runner = fakeRunner();
  return {
    runner,
    env: { get: () => undefined },
    now: () => new Date(TEST_NOW_MS),
    interrupted: new AbortController().signal,
    secondInterrupt: new AbortController().signal,
    isForPrograms: false,
    version: "9.8.7",
    ...changes,
    results,
    warnings,
    notes,
    relayed,
    begun,
    process: () => Promise.resolve(TEST_PROCESS),
    // No time passes in a test.
    sleep: () => Promise.resolve(),
    progress: (title) => {
      begun.push(title);
      return { advance() {}, say() {}, [Symbol.dispose]() {} };
    },
    report: (record) => void results.push(record),
    warn: (message) => void warnings.push(message),
    note: (text) => void notes.push(text),
    relay: (output) => void relayed.push(output),
  };
}

/** What the clock of a {@linkcode TestSession} shows, milliseconds since 1970. */
export const TEST_NOW_MS = 1_800_000_000_000;
