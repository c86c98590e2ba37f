/** The shells that can complete our command lines. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of {@linkcode SHELLS}. */
export type Shell = (typeof SHELLS)[number];

/** First word of the command line by which a shell's script asks for candidates; no command of users. */
export const COMPLETE_WORDS = "__complete";

/**
 * The script that teaches a shell to complete `dlslurm`. It holds no word of the command line: it hands
 * the words up to the cursor to `dlslurm __complete -- WORDS…` and gets a candidate a line, what it is
 * behind a tab. The lines `:files` and `:commands` stand for what the shell itself knows.
 */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}

const BASH = `# bash completion for dlslurm: eval "$(dlslurm completion bash)"
_dlslurm() {
  local cur=\${COMP_WORDS[COMP_CWORD]} program=\${COMP_WORDS[0]} word text
  local -a words=() found=()
  # bash takes "--option=value" apart.
  [[ $cur != = ]] || cur=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == = ]] || words+=("$word")
  done
  while IFS=$'\\t' read -r text _; do
    case $text in
      :files)
        compopt -o filenames 2>/dev/null
        while IFS= read -r word; do found+=("$word"); done < <(compgen -f -- "$cur")
        ;;
      :commands)
        while IFS= read -r word; do found+=("$word"); done < <(compgen -c -- "$cur")
        ;;
      # Names of branches are other people's: on the command line they are words, nothing else.
      *[!A-Za-z0-9_./:=@%+,-]*) printf -v text %q "$text"; found+=("$text") ;;
      ?*) found+=("$text") ;;
    esac
  done < <("\${program/#\\~/$HOME}" ${COMPLETE_WORDS} -- "\${words[@]}" "$cur" 2>/dev/null)
  COMPREPLY=("\${found[@]}")
}
complete -F _dlslurm dlslurm
`;

const ZSH = `#compdef dlslurm
# zsh completion for dlslurm: eval "$(dlslurm completion zsh)", or this in a file _dlslurm on $fpath
_dlslurm() {
  local line text about
  local -a described
  local -i result=1
  for line in "\${(@f)$("\${(@Q)words[1]}" ${COMPLETE_WORDS} -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    text=\${line%%$'\\t'*} about=\${line#*$'\\t'}
    case $text in
      :files) _files && result=0 ;;
      :commands) _command_names -e && result=0 ;;
      ?*) described+=("\${text//:/\\\\:}\${about:+:$about}") ;;
    esac
  done
  (( $#described )) && _describe -V -t dlslurm 'dlslurm' described && result=0
  return result
}
if [[ \${funcstack[1]} == _dlslurm ]]; then
  _dlslurm "$@"
else
  compdef _dlslurm dlslurm
fi
`;

const FISH = `# fish completion for dlslurm: dlslurm completion fish | source
function __dlslurm_candidates
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    for line in ($program ${COMPLETE_WORDS} -- $words "$current" 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path "$current"
            case ':commands'
                __fish_complete_command
            case '?*'
                echo $line
        end
    end
end
complete -c dlslurm -f -k -a '(__dlslurm_candidates)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
