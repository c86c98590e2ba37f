import type { View } from "../../session/view.ts";
import { nextPause, USUAL_POLL_MS } from "../../waiting/pauses.ts";
import type { CommandContext } from "../context.ts";

/**
 * Draws what `look` gives at the end of the terminal, again and again, ever more rarely, until no job is active.
 *
 * @throws What interrupted the context: that is how a person ends it.
 */
export async function watchJobs(
  look: () => Promise<{ readonly view: View; readonly isActive: boolean }>,
  context: CommandContext,
): Promise<void> {
  const beganMs = context.now().getTime();
  for (;;) {
    const { view, isActive } = await look();
    const pauseMs = nextPause(context.now().getTime() - beganMs, { pollMs: USUAL_POLL_MS })!;
    if (!isActive) break;
    const next = new Date(context.now().getTime() + pauseMs).toTimeString().slice(0, 8);
    await context.live!.draw(view, `next look at ${next}, Ctrl-C ends`);
    await context.sleep(pauseMs);
  }
  context.live!.clear();
}
