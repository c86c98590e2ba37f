import type { Argument, Command, Option } from "commander";

/** A command with its options and help: all that is known of it without doing it. */
export type CommandDefinition = Command;

/** An option of a command, as it is defined. */
export type OptionDefinition = Option;

/** An argument of a command, as it is defined. */
export type ArgumentDefinition = Argument;

/** What every command that works in a dataset was told. */
export interface OptionsInDataset {
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset?: string | undefined;
}
