#include "cli/template.h"

#include "base/strings.h"

static void write_limits(FILE *out) {
    fputs(
        "# Settings of Visor. A change takes effect while Visor runs; a file with errors is refused and the settings\n"
        "# stay as they were. A key behind a # shows its default.\n"
        "\n"
        "# How long the node may take to answer after its first start and after an upgrade, in units of 2 seconds.\n"
        "# Replaying a long chain takes days.\n"
        "maxNumberOfFirstConnectionRetries = 175000\n"
        "\n"
        "# The same after a restart.\n"
        "maxNumberOfRestartConnectionRetries = 10\n"
        "\n"
        "# How often a node that failed is restarted before Visor gives up.\n"
        "maxNumberOfRestarts = 3\n"
        "\n"
        "# The wait before a restart.\n"
        "restartsDelaySeconds = 5\n"
        "\n"
        "# After so many seconds of answering all restarts are available again; 0 = never.\n"
        "#restartsBudgetResetSeconds = 600\n"
        "\n"
        "# The wait between \"ready to upgrade\" and stopping the node.\n"
        "stopDelaySeconds = 0\n"
        "\n"
        "# How long the node may take to stop before it is killed.\n"
        "stopSignalTimeoutSeconds = 15\n"
        "\n"
        "# The folder of a release, if it is not named after the release: \"tag\" = \"folder\".\n"
        "[upgradeFolders]\n"
        "  \"vX.X.X\" = \"vX.X.X\"\n"
        "\n"
        "# How the node is asked for upgrades.\n"
        "[rpc]\n"
        "  #pollIntervalMilliseconds = 2000\n"
        "  # The same while an upgrade is accepted and its block comes nearer.\n"
        "  #acceptedPollIntervalMilliseconds = 100\n"
        "  # How long an answer may take.\n"
        "  #timeoutMilliseconds = 5000\n"
        "\n",
        out);
}

static void write_auto_install(FILE *out, const char *architecture) {
    fputs(
        "# Fetches a release whose folder is missing.\n"
        "[autoInstall]\n"
        "  enabled = true\n"
        "  repositoryOwner = \"vegaprotocol\"\n"
        "  repository = \"vega\"\n"
        "  # Another server, as for GitHub Enterprise or a mirror. The second is used when the first is out of reach.\n"
        "  #apiURL = \"https://api.github.com\"\n"
        "  #downloadURL = \"https://github.com\"\n"
        "  # A file that holds an access token.\n"
        "  #tokenFile = \"\"\n"
        "  # Fetch as soon as an upgrade is accepted, after a random wait of at most so many seconds.\n"
        "  #prefetch = true\n"
        "  #prefetchSpreadSeconds = 30\n"
        "  # \"prefer\" checks a checksum if there is one, \"require\" refuses a release without one, \"off\" checks none.\n"
        "  #verify = \"prefer\"\n"
        "  # A download that stands still for so long is tried again.\n"
        "  #stallTimeoutSeconds = 30\n"
        "  # The largest asset, as it is fetched and when it is unpacked.\n"
        "  #maxAssetBytes = 2147483648\n"
        "  #maxUnpackedBytes = 8589934592\n"
        "  # How many releases that Visor installed are kept besides the current and the previous one.\n"
        "  #keepReleases = 5\n"
        "\n",
        out);
    fprintf(
        out,
        "  # What to fetch, and the name of the binary if it is an archive.\n"
        "  [autoInstall.asset]\n"
        "    name = \"vega-linux-%s.zip\"\n"
        "    binaryName = \"vega\"\n",
        architecture);
    fputs(
        "    # A minisign key: then a release must be signed with it.\n"
        "    #publicKey = \"\"\n"
        "\n"
        "    # Checksums known beforehand, as \"tag\" = \"64 hexadecimal digits\". A release named here must match.\n"
        "    [autoInstall.asset.sha256]\n"
        "\n",
        out);
}

static void write_rest(FILE *out) {
    fputs(
        "# Programs that Visor runs at steps of an upgrade, each as [\"program\", \"argument\"].\n"
        "# They find VISOR_EVENT, VISOR_HOME, VISOR_FROM, VISOR_TO, VISOR_HEIGHT and VISOR_REASON in their environment.\n"
        "[hooks]\n"
        "  # How long one may take.\n"
        "  #timeoutSeconds = 60\n"
        "  #accepted = []\n"
        "  #prepared = []\n"
        "  #beforeStop = []\n"
        "  #beforeStart = []\n"
        "  #completed = []\n"
        "  #failed = []\n"
        "\n"
        "# A read-only status page and metrics, at an address such as \"127.0.0.1:8430\"; empty = none.\n"
        "[web]\n"
        "  #listen = \"\"\n"
        "\n"
        "[log]\n"
        "  # \"console\", \"json\", \"journal\", or \"auto\": journal under systemd, otherwise console.\n"
        "  #format = \"auto\"\n"
        "  # \"debug\", \"info\", \"warning\" or \"error\".\n"
        "  #level = \"info\"\n",
        out);
}

void template_config(FILE *out, const char *architecture) {
    write_limits(out);
    write_auto_install(out, architecture);
    write_rest(out);
}

void template_run_config(FILE *out, const char *name, bool with_data_node) {
    fprintf(
        out,
        "# How the binaries of this release folder are run. Replace the words in angle brackets.\n"
        "name = \"%s\"\n"
        "\n"
        "[vega]\n"
        "  [vega.binary]\n"
        "    # Absolute, or relative to the folder of this file.\n"
        "    path = \"vega\"\n"
        "    args = [\"start\", \"--home\", \"<VEGA_HOME>\"]\n"
        "\n"
        "  # As in [Admin.Server] of the node's own config.toml, in <VEGA_HOME>/config/node.\n"
        "  [vega.rpc]\n"
        "    socketPath = \"/tmp/vega.sock\"\n"
        "    httpPath = \"/rpc\"\n"
        "\n"
        "  # Optional: an upgrade then only counts as complete when the block height moves.\n"
        "  [vega.statistics]\n"
        "    #url = \"http://127.0.0.1:3003/statistics\"\n",
        name);
    if (with_data_node)
        fputs(
            "\n"
            "# The data node, which starts and stops with the node.\n"
            "[data_node]\n"
            "  [data_node.binary]\n"
            "    path = \"vega\"\n"
            "    args = [\"datanode\", \"start\", \"--home\", \"<DATA_NODE_HOME>\"]\n",
            out);
}

const char *template_architecture(const char *machine) {
    if (streq(machine, "x86_64"))
        return "amd64";
    if (streq(machine, "aarch64"))
        return "arm64";
    return machine;
}
