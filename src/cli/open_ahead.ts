import type { CommandContext } from "../commands/context.ts";
import type { Runner } from "../process/runner.ts";

/** A dataset that is being opened while the command that works in it is still to be loaded. */
export interface AheadOpening {
  /** Opens a dataset: the one that was begun with for whoever asks first, others and later ones anew. */
  readonly openDataset: CommandContext["openDataset"];
  /** Until git has been asked, or cannot be. Loading keeps the processor busy: nothing would be asked. */
  readonly begun: Promise<void>;
}

/**
 * Begins to open the dataset around `cwd`, or the one that is named; what goes wrong is told to whoever asks
 * for it.
 *
 * @param ahead `undefined` to begin with none.
 */
export function openAhead(
  runner: Runner,
  cwd: string,
  ahead: { readonly named: string | undefined } | undefined,
): AheadOpening {
  const asked = Promise.withResolvers<void>();
  const watched: Runner = {
    run: (argv, options) => {
      const running = runner.run(argv, options);
      asked.resolve();
      return running;
    },
  };
  const open = async (named: string | undefined, by: Runner) => {
    const { openDataset } = await import("../datalad/dataset.ts");
    return await openDataset(by, cwd, named);
  };
  let opening = ahead === undefined ? undefined : open(ahead.named, watched);
  if (opening === undefined) asked.resolve();
  // Nobody may ask: the options may contradict each other.
  else opening.then(() => asked.resolve(), () => asked.resolve());
  return {
    openDataset: async (named) => {
      const first = named === ahead?.named ? opening : undefined;
      opening = undefined;
      return await (first ?? open(named, runner));
    },
    begun: asked.promise,
  };
}
