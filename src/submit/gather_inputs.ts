import { join, relative } from "node:path";
import { isAnnexLink } from "../annex/annexed_files.ts";
import { annexKeyOf } from "../annex/annex_key.ts";
import type { Dataset } from "../datalad/dataset.ts";
import type { InputView } from "../datalad/compare_with_head.ts";
import { LinkedPaths } from "../datalad/linked_paths.ts";
import { lookAtInput, traitsOf } from "../datalad/look_at_input.ts";
import { lookIfThere, targetOf } from "../datalad/look_if_there.ts";
import { walkTree } from "../fs/walk_tree.ts";
import { blobOid } from "../git/blob_oid.ts";
import type { NewestEvidence, NotedInput } from "../jobs/noted_evidence.ts";
import { isInside, joinPath } from "../paths/root_paths.ts";

/** Files beyond so many bytes in all are recorded by size and time, so that schedule stays quick. */
const MOST_BYTES_READ = 512 * 1024;
/** A folder with more files than this is recorded by the name of its tree in HEAD. */
const MOST_IN_FOLDERS = 1_000;

/** An input, and how many bytes were read of it. */
type Looked = NotedInput & { readonly read?: number };

/** Sees what jobs are about to read, and which version of it. */
export class InputGatherer {
  readonly #dataset: Dataset;
  readonly #lookInto: () => Promise<InputView>;
  readonly #before: () => NewestEvidence | undefined;
  /** By path: what HEAD had like this when the job before was submitted. */
  #known: ReadonlyMap<string, NotedInput> | undefined;

  /**
   * Gathers for jobs of one dataset.
   *
   * @param lookInto opens HEAD and index when they are needed, which takes some ms.
   * @param before what is noted of the job before, if it was submitted at the same HEAD.
   */
  constructor(
    dataset: Dataset,
    lookInto: () => Promise<InputView>,
    before: () => NewestEvidence | undefined,
  ) {
    this.#dataset = dataset;
    this.#lookInto = lookInto;
    this.#before = before;
  }

  /** Gathers what is at and under the inputs of a job, relative to the root, as it is now. */
  async gather({ inputs: paths, extra = [] }: {
    readonly inputs: readonly string[];
    readonly extra?: readonly string[];
  }): Promise<NotedInput[]> {
    const inputs: NotedInput[] = [];
    const places = new LinkedPaths(this.#dataset.root);
    const noted = new Set<string>();
    const outsides = new Set<string>();
    let room = MOST_BYTES_READ;
    let foldersRoom = MOST_IN_FOLDERS;
    for (const path of paths) {
      const mark = extra.includes(path) ? { extra: true } : {};
      const note = (input: NotedInput) => {
        noted.add(input.path);
        inputs.push({ ...input, ...mark });
      };
      const first = places.placeOf(path);
      const left = [first];
      for (const place of left) {
        const info = this.#look(place);
        const outside = info?.isSymlink ? this.#folderOutside(place, places) : undefined;
        // Of a folder to which several links lead, or a circle, the files are noted once.
        if (outside !== undefined && place !== first && outsides.has(outside)) continue;
        if (outside !== undefined) outsides.add(outside);
        const isFolder = info?.isDirectory === true || outside !== undefined;
        const files = isFolder ? await this.#filesIn(place, foldersRoom, outside) : [place];
        if (files === undefined) {
          const tree = (await this.#lookInto()).head.find(place)?.oid;
          note({ path: place, ...(tree === undefined ? {} : { tree }) });
          continue;
        }
        if (isFolder) foldersRoom -= files.length;
        for (const file of files) {
          if (noted.has(file)) continue;
          const { read = 0, ...input } = await this.#asBefore(file, room) ??
            await lookAtInput(await this.#lookInto(), file, room);
          room -= read;
          if (noted.has(input.path)) continue;
          if (!this.#leadsToFolder(file, input, places)) note(input);
          else if (!left.includes(input.path)) left.push(input.path);
        }
      }
    }
    return inputs;
  }

  /** Whether a file is a link to a folder, in the dataset as its input says or out of it: its files are inputs. */
  #leadsToFolder(file: string, { path, key, blob }: NotedInput, places: LinkedPaths): boolean {
    if (path !== file) return this.#look(path)?.isDirectory === true;
    if ((key ?? blob) !== undefined || !this.#look(file)?.isSymlink) return false;
    return this.#folderOutside(file, places) !== undefined;
  }

  /** An input that is byte for byte what it was when it was noted that HEAD has it like this. */
  async #asBefore(path: string, room: number): Promise<Looked | undefined> {
    this.#known ??= new Map(
      (this.#before()?.inputs ?? []).filter(isAsHeadHasIt)
        .map(({ extra: _, ...input }) => [input.path, input]),
    );
    const known = this.#known.get(path);
    if (known === undefined) return undefined;
    const { root, headOid } = this.#dataset;
    const file = join(root, path);
    const info = this.#look(path);
    if (info?.isSymlink) {
      const link = targetOf(file);
      const isSame = link !== undefined && isAnnexLink(link) && annexKeyOf(link) === known.key;
      return isSame && known.traits === undefined ? known : undefined;
    }
    if (!info?.isFile || info.size > room || known.traits?.raw === undefined) return undefined;
    const content = lookIfThere(() => Deno.readFileSync(file));
    const raw = content && await blobOid(content, headOid);
    if (raw !== known.traits.raw) return undefined;
    return { ...known, traits: { ...traitsOf(info), raw }, read: content!.length };
  }

  #look(path: string): Deno.FileInfo | undefined {
    return lookIfThere(() => Deno.lstatSync(join(this.#dataset.root, path)));
  }

  /** The folder out of the dataset, absolute, that a link leads to; `undefined` if it leads elsewhere. */
  #folderOutside(path: string, places: LinkedPaths): string | undefined {
    const file = join(this.#dataset.root, path);
    const target = targetOf(file);
    if (target === undefined || isAnnexLink(target)) return undefined;
    if (places.follow(path, target) !== undefined) return undefined;
    const real = lookIfThere(() => Deno.realPathSync(file));
    if (real === undefined || isInside(relative(this.#dataset.root, real))) return undefined;
    return lookIfThere(() => Deno.statSync(real))?.isDirectory === true ? real : undefined;
  }

  /**
   * The files in a folder; `undefined` for one with more than there is room for.
   *
   * @param outside where the path leads out of the dataset, if it is a link to a folder there.
   */
  async #filesIn(path: string, room: number, outside?: string): Promise<string[] | undefined> {
    const { root } = this.#dataset;
    const files: string[] = [];
    for await (const entry of walkTree(outside ?? root, outside === undefined ? path : ".")) {
      if (entry.kind === "closed") return undefined;
      const name = outside === undefined ? entry.path : joinPath(path, entry.path);
      if (entry.kind !== "folder") files.push(name);
      if (files.length > room) return undefined;
    }
    return files.sort();
  }
}

/** Of a version that HEAD does not have size and time are noted, or that it is not there. */
function isAsHeadHasIt({ key, blob, size, modified, missing }: NotedInput): boolean {
  return (key ?? blob) !== undefined && size === undefined && !modified && !missing;
}
