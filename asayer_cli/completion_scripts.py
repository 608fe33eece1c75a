"""The scripts that let a shell ask the program how a command line goes on.

Each hands over the words before the cursor and gets back lines: first what kind of completion it is (`plain`, `file`,
`dir`), then, when plain, one candidate a line. The program says nothing on standard error then.
"""

from __future__ import annotations

from typing import Final

# Part of every script, of older ones too: a file without it is none of ours.
MARK: Final = "_ASAYER_CLI_COMPLETE"

# bash parts words at colons and equals signs, and inserts what it gets as it is. So it hands over the line as typed
# with the part that it would replace, and gets back what must stand there, quoted.
_BASH: Final = r"""# bash completion for asayer-cli

_asayer_cli_completion() {
    local answer
    mapfile -t answer < <(
        _ASAYER_CLI_COMPLETE=bash _ASAYER_CLI_LINE="${COMP_LINE:0:COMP_POINT}" _ASAYER_CLI_REPLACED="$2" \
            "${1/#\~/$HOME}" 2>/dev/null
    )
    COMPREPLY=("${answer[@]:1}")
    case ${answer[0]-} in
        file) compopt -o default ;;
        dir) compopt -o dirnames ;;
    esac
}

complete -o nosort -F _asayer_cli_completion asayer-cli
"""

# zsh takes candidates as they are and quotes them itself; only _describe needs its colons escaped.
_ZSH: Final = r"""#compdef asayer-cli

_asayer_cli_completion() {
    local -a answer plain described
    local line program=${(Q)words[1]} kind
    answer=("${(@f)$(_ASAYER_CLI_COMPLETE=zsh "${program/#\~/$HOME}" \
        "${(@Q)words[2,CURRENT-1]}" "${(Q)IPREFIX}${(Q)PREFIX}" 2>/dev/null)}")
    kind=$answer[1]
    shift answer
    [[ $PREFIX == -*=* ]] && compset -P '[^=]#='
    case $kind in
        file) _files; return ;;
        dir) _files -/; return ;;
    esac
    for line in "${(@)answer}"; do
        if [[ $line == *$'\t'* ]]; then
            described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
        else
            plain+=("$line")
        fi
    done
    local found=1
    (( $#described )) && _describe -V 'asayer-cli' described && found=0
    (( $#plain )) && compadd -V plain -a plain && found=0
    return found
}

if [[ $funcstack[1] == _asayer-cli ]]; then
    # loaded from a folder of fpath: this call is a completion already
    _asayer_cli_completion "$@"
else
    compdef _asayer_cli_completion asayer-cli
fi
"""

# fish quotes candidates itself; one for a word such as --region=eu has to be the whole word.
_FISH: Final = r"""# fish completion for asayer-cli

function _asayer_cli_completion
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    set -l answer (_ASAYER_CLI_COMPLETE=fish $program $words "$current" 2>/dev/null)
    set -l option (string match -r -- '^-[^=]*=' "$current")
    set -l path (string sub -s (math 1 + (string length -- "$option")) -- "$current")
    switch "$answer[1]"
        case file
            printf '%s\n' "$option"(__fish_complete_path "$path")
        case dir
            printf '%s\n' "$option"(__fish_complete_directories "$path")
        case '*'
            printf '%s\n' $answer[2..-1]
    end
end

complete --command asayer-cli --no-files --keep-order --arguments '(_asayer_cli_completion)'
"""

SCRIPTS: Final = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
SHELLS: Final = tuple(SCRIPTS)
