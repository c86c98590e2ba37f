import type { Field, Finding } from "./kinds.ts";
import { IN_FIELD_ONLY, SLURM_WORDS } from "./kinds.ts";
import type { StandIn, StandIns } from "./stand_ins.ts";

/** Replaces names by their stand-ins and counts how often. */
export class Scrubber {
  readonly #standIns: StandIns;
  readonly #everywhere: RegExp | undefined;
  readonly #byText: ReadonlyMap<string, StandIn>;
  /** How often each was put in. */
  readonly counts = new Map<StandIn, number>();

  /** Takes all that will ever be replaced: names added to `standIns` later are not. */
  constructor(standIns: StandIns) {
    this.#standIns = standIns;
    const names = standIns.all().filter(isForEverywhere)
      .sort((a, b) => b.name.length - a.name.length);
    this.#byText = new Map(names.map((one) => [one.name.replace(/#$/, ""), one]));
    for (const one of names) {
      if (one.name.endsWith("#")) this.#hosts.set(one.name.slice(0, -1), one);
    }
    const patterns = names.map(patternOf);
    this.#everywhere = patterns.length === 0 ? undefined : new RegExp(patterns.join("|"), "g");
  }

  readonly #hosts = new Map<string, StandIn>();

  /** Replaces in `text`; `fields` say where numbers and comments are. */
  scrub(text: string, fields: readonly Field[] = []): string {
    let result = "";
    let done = 0;
    for (const { kind, start, end } of [...fields].sort((a, b) => a.start - b.start)) {
      if (start < done || kind === "file") continue;
      if (
        /[A-Za-z0-9]/.test(text[start - 1] ?? "") &&
        !isForFieldOnly({ kind, name: text.slice(start, end) })
      ) {
        // -wcn7: the option's letter would hide that a name begins.
        result += this.#scrubText(text.slice(done, start));
        done = start;
        continue;
      }
      const standIn = this.#findInField({ kind, name: text.slice(start, end) }, text.slice(start));
      if (standIn === undefined) continue;
      result += this.#scrubText(text.slice(done, start)) + standIn.standIn;
      this.#count(standIn);
      done = start + standIn.name.length;
    }
    return result + this.#scrubText(text.slice(done));
  }

  /** What stands in for a field's text, if it has to be replaced there and not as any word. */
  #findInField(finding: Finding, rest: string): StandIn | undefined {
    if (!isForFieldOnly(finding)) return undefined;
    const { kind, name } = finding;
    const all = this.#standIns.all();
    // SubmitLine lacks the quotes: the longest comment that the field begins with is the one.
    if (kind === "comment") {
      return all.filter((one) => one.kind === kind && rest.startsWith(one.name))
        .sort((a, b) => b.name.length - a.name.length)[0];
    }
    return all.find((one) => one.name === name && (one.kind === kind || !IN_FIELD_ONLY.has(kind)));
  }

  #scrubText(text: string): string {
    if (this.#everywhere === undefined) return text;
    return text.replace(this.#everywhere, (name: string, ...rest: unknown[]) => {
      const offset = rest.findLast((one) => typeof one === "number") as number;
      const next = text[offset + name.length] ?? "";
      const standIn = /[0-9[]/.test(next)
        ? this.#hosts.get(name) ?? this.#byText.get(name)
        : this.#byText.get(name);
      if (standIn === undefined) return name;
      this.#count(standIn);
      return standIn.standIn;
    });
  }

  #count(standIn: StandIn): void {
    this.counts.set(standIn, (this.counts.get(standIn) ?? 0) + 1);
  }
}

/** Texts that are replaced only where Slurm says what they are. */
function isForFieldOnly({ kind, name }: Finding): boolean {
  return IN_FIELD_ONLY.has(kind) || kind === "comment" || name.length < 2;
}

function isForEverywhere({ kind, name }: StandIn): boolean {
  if (IN_FIELD_ONLY.has(kind)) return false;
  // A short comment may be any word of the language.
  if (kind === "comment") return name.length >= 4 && !SLURM_WORDS.has(name.toLowerCase());
  return name.replace(/#$/, "").length >= (kind === "host" ? 1 : 2);
}

/** A name stands alone, or is part of a path or of a compound: `ada`, `/scratch/ada`, `ada_run-2`. */
function patternOf({ kind, name }: StandIn): string {
  const literal = name.replace(/#$/, "").replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  if (kind === "path") return `(?<![\\w.-])${literal}(?![\\w-]|\\.\\w)`;
  if (name.endsWith("#")) {
    // -n1 is an option, n1 a node.
    return `(?<![A-Za-z0-9${name.length <= 3 ? "-" : ""}])${literal}(?=[0-9[])`;
  }
  return `(?<![A-Za-z0-9])${literal}(?![A-Za-z0-9])`;
}
