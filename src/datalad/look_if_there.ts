import { isAbsence } from "../fs/if_present.ts";

/** What a look at a file gives; `undefined` where nothing is, or nothing can be seen. */
export function lookIfThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isAbsence(error) || error instanceof Deno.errors.PermissionDenied) return undefined;
    if (error instanceof Deno.errors.FilesystemLoop) return undefined;
    throw error;
  }
}

/** `undefined` for a target that is no text: it is none of git-annex. */
export function targetOf(link: string): string | undefined {
  try {
    return Deno.readLinkSync(link);
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData || isAbsence(error)) return undefined;
    throw error;
  }
}
