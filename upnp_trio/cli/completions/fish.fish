# Completion of upnp-trio in fish:  upnp-trio completion fish | source  in ~/.config/fish/config.fish

function __upnp_trio
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ("@PROGRAM@" complete fish $words[2..] $current 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path $current
            case :directories
                __fish_complete_directories $current
            case '*'
                printf '%s\n' $line
        end
    end
end

complete -c upnp-trio -f -a '(__upnp_trio)'
