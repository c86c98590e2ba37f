/**
 * Takes the lease at the path given, says so, holds it until standard input ends, gives it back.
 *
 * usage: deno run -A take_lease.ts PATH
 */
import { dirname } from "node:path";
import type { Exclusively } from "../../src/fs/lease.ts";
import { Lease } from "../../src/fs/lease.ts";
import { JobStore } from "../../src/store/job_store.ts";
import { DenoRunner } from "../../src/process/deno_runner.ts";
import { UserError } from "../../src/errors.ts";
import { identifySelf } from "../../src/process/process_identity.ts";

const [path] = Deno.args;
const encoder = new TextEncoder();
try {
  using store = JobStore.open(dirname(path!));
  const exclusively: Exclusively = (work) => store.exclusively(work);
  const runner = new DenoRunner();
  const taker = { process: await identifySelf(runner), purpose: "finish" };
  await using lease = await Lease.take(path!, taker, runner, exclusively);
  await Deno.stdout.write(encoder.encode(`taken ${lease.deadSinceMs !== undefined}\n`));
  await new Response(Deno.stdin.readable).bytes();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  await Deno.stdout.write(encoder.encode(`${error.code}\n${error.message}\n${error.hint}\n`));
}
