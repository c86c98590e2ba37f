import type { Command } from "commander";

/** A command with its options and help: all that is known of it without doing it. */
export type CommandDefinition = Command;
