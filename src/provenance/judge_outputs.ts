import type { Verdict } from "../jobs/output_comparison.ts";
import { isPlainLink } from "./compare_contents.ts";
import type { ComparedOutput, NamedFile } from "./compared_output.ts";
import { compareTexts } from "./compare_texts.ts";
import type { LineBreaks, LineDifference, TextRules } from "./compare_texts.ts";
import { sizesOf } from "./describe_run.ts";
import type { Provenance } from "./provenance.ts";
import { readTexts } from "./read_contents.ts";
import type { NoText } from "./read_contents.ts";

/** An output that is not the same by its name, looked at more closely. */
export interface JudgedOutput {
  /** Relative to the dataset's root. */
  readonly path: string;
  /** After the rules; `identical` if only what they allow differs. */
  readonly verdict: Verdict;
  /** What was compared: names of contents, text, numbers. */
  readonly compared: "name" | "text" | "numbers";
  /** How many numbers were within the tolerance, and the largest difference among them. */
  readonly numbers?: { readonly count: number; readonly largest: number };
  /** Bytes before, where known. */
  readonly sizeBefore?: number;
  /** Bytes now, where known. */
  readonly size?: number;
  /** Why no text was compared. */
  readonly noText?: NoText;
  /** The first lines that differ. */
  readonly differences: readonly LineDifference[];
  /** How line breaks differ; absent if they do not. */
  readonly lineBreaks?: LineBreaks;
}

/**
 * Looks more closely at the outputs that are not identical by their names: sizes, and of texts that are here
 * the first lines that differ.
 *
 * @param outputs those that are not identical.
 */
export async function judgeOutputs(
  provenance: Provenance,
  outputs: readonly ComparedOutput[],
  rules: TextRules,
): Promise<JudgedOutput[]> {
  const files = outputs.flatMap(({ before, after }) => [before, after])
    .filter((file) => file !== undefined);
  const sizes = await sizesOf(provenance, files);
  const differing = outputs.filter(({ verdict }) => verdict === "differs");
  const texts = await readTexts(
    provenance,
    differing.flatMap(({ before, after }) => [before!, after!]),
  );
  return outputs.map((output) => {
    const { path, verdict, before, after } = output;
    const sized = {
      path,
      ...sizeIn(sizes, before, "sizeBefore"),
      ...sizeIn(sizes, after, "size"),
    };
    const isComparable = verdict === "differs" && isPlainLink(before!) === isPlainLink(after!);
    if (!isComparable) return { ...sized, verdict, compared: "name", differences: [] };
    const one = texts.get(before!)!;
    const other = texts.get(after!)!;
    if (typeof one === "string" || typeof other === "string") {
      const noText = typeof one === "string" ? one : other as NoText;
      return { ...sized, verdict, compared: "name", noText, differences: [] };
    }
    const compared = compareTexts(one.text, other.text, rules);
    const { isSame, numbers, largest, differences, lineBreaks } = compared;
    return {
      ...sized,
      verdict: isSame ? "identical" : "differs",
      compared: rules.tolerance === undefined ? "text" : "numbers",
      ...(numbers === 0 ? {} : { numbers: { count: numbers, largest } }),
      differences,
      ...(lineBreaks === undefined ? {} : { lineBreaks }),
    };
  });
}

function sizeIn<Name extends string>(
  sizes: ReadonlyMap<object, number>,
  file: NamedFile | undefined,
  name: Name,
): { [name in Name]?: number } {
  const size = file === undefined ? undefined : sizes.get(file);
  return size === undefined ? {} : { [name]: size } as { [name in Name]?: number };
}
