import { textOfPath } from "./entity_ids.ts";
import { compact } from "./entity.ts";
import type { Entity } from "./entity.ts";
import type { CrateFile, FileRole } from "./crate_file.ts";

/** Media types of what jobs read and write most, by the ending of the name. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  csv: "text/csv",
  tsv: "text/tab-separated-values",
  txt: "text/plain",
  log: "text/plain",
  md: "text/markdown",
  html: "text/html",
  json: "application/json",
  jsonl: "application/jsonl",
  yaml: "application/yaml",
  yml: "application/yaml",
  xml: "application/xml",
  pdf: "application/pdf",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  svg: "image/svg+xml",
  tif: "image/tiff",
  tiff: "image/tiff",
  gz: "application/gzip",
  zip: "application/zip",
  h5: "application/x-hdf5",
  hdf5: "application/x-hdf5",
  nc: "application/x-netcdf",
  py: "text/x-python",
  sh: "application/x-sh",
  sbatch: "application/x-sh",
  slurm: "application/x-sh",
};

const TYPES: readonly (readonly [FileRole, string])[] = [
  ["script", "SoftwareSourceCode"],
  ["container", "ContainerImage"],
];

const DESCRIPTIONS: readonly (readonly [FileRole, string])[] = [
  ["script", "Batch script of a Slurm job"],
  ["container", "Image of a container that a Slurm job ran in"],
  ["environment", "What Slurm tells of the job: scontrol show job"],
  ["log", "What the Slurm job printed"],
];

/** Describes a file: name, size, hash, where it can be had. */
export function entityOfFile(file: CrateFile): Entity {
  const { id, path, calledAs, payload, roles, key, blob, size, urls } = file;
  const name = textOfPath(path);
  const called = textOfPath(calledAs ?? path);
  const types = TYPES.flatMap(([role, type]) => roles.has(role) ? [type] : []);
  const isLink = file.mode === "120000" && key === undefined;
  const about = DESCRIPTIONS.find(([role]) => roles.has(role))?.[1] ??
    (isLink ? "A symbolic link" : undefined);
  return {
    "@id": id,
    "@type": types.length === 0 ? "File" : ["File", ...types],
    name: called.slice(called.lastIndexOf("/") + 1),
    // The profile: what a file was called for the application, if not as in the crate.
    alternateName: payload === name && called === name ? undefined : called,
    description: about,
    encodingFormat: MEDIA_TYPES[/\.([^./]+)$/.exec(called.toLowerCase())?.[1] ?? ""],
    contentSize: size === undefined ? undefined : String(size),
    ...hashOf(key),
    identifier: key ?? (blob === undefined ? undefined : contentIdentifier(blob)),
    version: roles.has("script") ? blob ?? key : undefined,
    additionalType: roles.has("container")
      ? { "@id": "https://w3id.org/ro/terms/workflow-run#SIFImage" }
      : undefined,
    contentUrl: compact(urls),
  };
}

/** Git's name of a content as everybody's: ISO/IEC 18670, "SWHID", which has it from git. */
function contentIdentifier(blob: string): string {
  return blob.length === 40 ? `swh:1:cnt:${blob}` : blob;
}

/** By git-annex's backend: the term of the workflow-run vocabulary, and the length of the hash. */
const HASHES: Readonly<Record<string, readonly [string, number]>> = {
  MD5: ["md5", 32],
  SHA1: ["sha1", 40],
  SHA256: ["sha256", 64],
  SHA512: ["sha512", 128],
};

/** The hash that a key of git-annex has in it (git-annex, "key format" and "backends"). */
function hashOf(key: string | undefined): Readonly<Record<string, string>> {
  const [, backend, hash] = /^([A-Z0-9]+?)E?(?:-[^-]+)*--([0-9a-f]+)(?:\.|$)/.exec(key ?? "") ?? [];
  const [term, length] = HASHES[backend ?? ""] ?? [];
  return term === undefined || hash!.length !== length ? {} : { [term]: hash! };
}
