import { join } from "node:path";
import * as v from "valibot";
import { readTextIfPresent } from "../fs/if_present.ts";
import type { Call } from "./format.ts";
import { findSame, mayRepeat } from "./match_calls.ts";

/** Settings of one replay: what its programs need to know from the process that started it. */
export interface ReplaySettings {
  /** Absolute path of the recording. */
  readonly directory: string;
  /** The replay's place, by each name that it has. */
  readonly work: readonly string[];
  /** The home of who replays. */
  readonly home: string;
  /** Who replays. */
  readonly user: string;
  /** Where. */
  readonly host: string;
  /** Whether times in answers are moved so that they fit the replay. */
  readonly movesTimes: boolean;
}

const SettingsSchema: v.GenericSchema<unknown, ReplaySettings> = v.object({
  directory: v.string(),
  work: v.array(v.string()),
  home: v.string(),
  user: v.string(),
  host: v.string(),
  movesTimes: v.boolean(),
});

/** A call that the recording could not answer, as it was made. */
export interface Unanswered {
  /** Program first, by its bare name. */
  readonly argv: readonly string[];
  /** Why, for a person: the nearest recorded call. */
  readonly reason: string;
}

/**
 * What the processes of one replay share: a folder, where each answer is taken by creating a file that
 * only one of several concurrent calls can create.
 */
export class ReplayState {
  readonly #folder: string;

  /** Takes an empty folder, or that of a replay that was started. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Begins a replay in the folder. */
  async start(settings: ReplaySettings): Promise<void> {
    await Deno.mkdir(join(this.#folder, "taken"));
    await Deno.writeTextFile(join(this.#folder, "settings.json"), JSON.stringify(settings));
  }

  /** The settings that {@linkcode start} was given. */
  async settings(): Promise<ReplaySettings> {
    const text = await Deno.readTextFile(join(this.#folder, "settings.json"));
    return v.parse(SettingsSchema, JSON.parse(text));
  }

  /**
   * Takes the next answer for `argv`: each recorded one once, in order, and then the last one again
   * where that only looks.
   *
   * @returns `undefined` if there is none (any more).
   */
  async take(calls: readonly Call[], argv: readonly string[]): Promise<Call | undefined> {
    const same = findSame(calls, argv);
    for (const call of same) if (await this.#create(`taken/${call.folder}`)) return call;
    return mayRepeat(argv) ? same.at(-1) : undefined;
  }

  /** Folders of the calls that were answered. */
  async taken(): Promise<Set<string>> {
    const entries = await Array.fromAsync(Deno.readDir(join(this.#folder, "taken")));
    return new Set(entries.map(({ name }) => name));
  }

  /** When the first call of this replay was answered, milliseconds since 1970: now, if this is the first. */
  async firstCallMs(): Promise<number> {
    const file = join(this.#folder, "first-call");
    const own = await Deno.makeTempFile({ dir: this.#folder });
    try {
      await Deno.writeTextFile(own, String(Date.now()));
      // A link is there with all that is in the file, or not at all.
      await Deno.link(own, file);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    } finally {
      await Deno.remove(own);
    }
    return Number(await Deno.readTextFile(file));
  }

  /** Whether the caller is the one that lays the recorded files out. */
  async claimFiles(): Promise<boolean> {
    return await this.#create("files");
  }

  /** Notes a path that could not be laid out, or a call without an answer, for the end. */
  async note(kind: "blocked" | "unanswered", value: unknown): Promise<void> {
    // One short write: lines of concurrent calls do not mix.
    await Deno.writeTextFile(join(this.#folder, kind), `${JSON.stringify(value)}\n`, {
      append: true,
    });
  }

  /** What was noted. */
  async notes(kind: "blocked" | "unanswered"): Promise<unknown[]> {
    const text = await readTextIfPresent(join(this.#folder, kind)) ?? "";
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  async #create(name: string): Promise<boolean> {
    try {
      await Deno.writeTextFile(join(this.#folder, name), "", { createNew: true });
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return false;
      throw error;
    }
  }
}
