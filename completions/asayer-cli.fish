# fish completion for asayer-cli

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
