import { visibleLine } from "../process/visible_text.ts";
import type { ProcessEnvironment } from "./process_environment.ts";

/** Asks a person yes or no; the end of what is typed is a no.
 *
 * @throws What aborted `interrupted`, if that happens meanwhile.
 */
export async function askOnTerminal(
  question: string,
  { io, interrupted, readLine }: Pick<ProcessEnvironment, "io" | "interrupted" | "readLine">,
): Promise<boolean> {
  interrupted.throwIfAborted();
  io.err(`${visibleLine(question)} [y/N] `);
  const { promise: isOver, resolve } = Promise.withResolvers<undefined>();
  const stop = () => resolve(undefined);
  interrupted.addEventListener("abort", stop);
  const answer = await Promise.race([readLine(), isOver]);
  interrupted.removeEventListener("abort", stop);
  if (answer === undefined) io.err("\n");
  interrupted.throwIfAborted();
  return /^\s*y(es)?\s*$/i.test(answer ?? "");
}
