/**
 * Annexed files whose content is not here: links that lead nowhere, and, of unlocked files, pointers, small
 * texts in the content's place. What stands there is noted as one text, the link's target or the pointer,
 * which tells the two apart, with a mark before the pointer of an executable file.
 *
 * @module
 */

import { temporaryNameFor } from "../fs/write_file_atomic.ts";
import { ifPresent, isAbsence } from "../fs/if_present.ts";
import {
  beginsAsPointer,
  isAnnexLink,
  LONGEST_POINTER_BYTES,
  POINTER_START,
} from "./annexed_files.ts";

const EXECUTABLE_MARK = "x";
const EXECUTABLE = 0o100;

/** The pointer at `file`, to be noted; `undefined` if something else is there, or nothing. */
export function pointerAt(file: string): string | undefined {
  return ifPresent(() => {
    const { isFile, size, mode } = Deno.lstatSync(file);
    if (!isFile || size < POINTER_START.length || size > LONGEST_POINTER_BYTES) return undefined;
    const text = readText(file);
    if (text === undefined || !isPointer(text)) return undefined;
    return ((mode ?? 0) & EXECUTABLE) === 0 ? text : EXECUTABLE_MARK + text;
  });
}

/**
 * Whether the file at `file` begins with a pointer and goes on: something was appended to a file whose content is not
 * here, and git would take the pointer for a part of it.
 */
export function isBehindPointer(file: string): boolean {
  try {
    const { isFile, size } = Deno.lstatSync(file);
    if (!isFile || size <= POINTER_START.length) return false;
    return beginsAsPointer(file) && pointerAt(file) === undefined;
  } catch (error) {
    if (isAbsence(error) || error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

/** Whether what was noted is there. */
export function isAsNoted(file: string, noted: string): boolean {
  try {
    if (isPointer(withoutMark(noted))) return pointerAt(file) === noted;
    return Deno.lstatSync(file).isSymlink && Deno.readLinkSync(file) === noted;
  } catch {
    return false;
  }
}

/** Makes what was noted; throws `AlreadyExists` if anything is there. A crash may leave a temporary file. */
export function makeAsNoted(file: string, noted: string): void {
  const text = withoutMark(noted);
  if (!isPointer(text)) return Deno.symlinkSync(noted, file);
  const temporary = temporaryNameFor(file);
  try {
    Deno.writeTextFileSync(temporary, text, { createNew: true });
    if (text !== noted) {
      // Who may read it may execute it, as git has it.
      const mode = Deno.lstatSync(temporary).mode! & 0o777;
      Deno.chmodSync(temporary, mode | ((mode & 0o444) >> 2));
    }
    takeName(temporary, file);
  } finally {
    ifPresent(() => Deno.removeSync(temporary));
  }
}

/** Where there are no hard links a file that somebody makes at this very moment is not seen. */
function takeName(temporary: string, file: string): void {
  try {
    Deno.linkSync(temporary, file);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw error;
    Deno.renameSync(temporary, file);
  }
}

/** One line; a file that only begins like a pointer has been written to. */
function isPointer(text: string): boolean {
  return text.startsWith(POINTER_START) && /^[^\n]+\n?$/.test(text) &&
    !isAnnexLink(text.trimEnd());
}

function withoutMark(noted: string): string {
  return noted.startsWith(EXECUTABLE_MARK + POINTER_START)
    ? noted.slice(EXECUTABLE_MARK.length)
    : noted;
}

/** `undefined` for what is no text, or may not be read: neither is a pointer that could be put back. */
function readText(file: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Deno.readFileSync(file));
  } catch (error) {
    if (error instanceof TypeError || error instanceof Deno.errors.PermissionDenied) {
      return undefined;
    }
    throw error;
  }
}
