#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the linewatch agent on this host from the linewatch server that served this script, joins that
# server and starts the agent. Run it as root:
#   sh install.sh --token TOKEN [--server HOST:PORT] [--name NAME] [--label KEY=VALUE]... [--resource-id ID]
#   sh install.sh --uninstall      takes all of it away again, what the agent has measured included
# Running it again brings the agent up to the server's version; it stays joined, and needs no token then.
set -eu

url='@URL@'                   # filled in by the server: how this script was asked for
agent_server='@AGENT_SERVER@' # where agents connect
home=/opt/linewatch-agent
data=/var/lib/linewatch-agent
unit=/etc/systemd/system/linewatch-agent.service
user=linewatch-agent
package=linewatch-agent-linux-x86_64.tar.gz

say() { printf 'linewatch: %s\n' "$*"; }
die() {
  printf 'linewatch: %s\n' "$*" >&2
  exit 1
}
misuse() {
  printf 'linewatch: %s\n' "$*" >&2
  exit 2
}

token='' uninstall=no has_systemd=no
set_facts=''
quote() { printf "'%s' " "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }
while [ $# -gt 0 ]; do
  case "$1" in
  --uninstall)
    uninstall=yes
    shift
    continue
    ;;
  --token | --server | --name | --label | --resource-id) [ $# -ge 2 ] || misuse "$1 needs a value" ;;
  *) misuse "unknown option $1; there are --token, --server, --name, --label, --resource-id, --uninstall" ;;
  esac
  case "$1" in
  --token) token=$2 ;;
  --server) agent_server=$2 ;;
  *) set_facts="$set_facts$(quote "$1")$(quote "$2")" ;;
  esac
  shift 2
done

[ "$(id -u)" -eq 0 ] || die 'run this as root, for example through sudo'
[ "$(uname -s)" = Linux ] || die "this is $(uname -s): there are agents for Linux only"
[ "$(uname -m)" = x86_64 ] || die "this is $(uname -m): there are agents for x86_64 only"
[ ! -d /run/systemd/system ] || has_systemd=yes

uninstall() {
  [ "$has_systemd" = no ] || systemctl disable --now linewatch-agent.service 2>/dev/null || true
  rm -f "$unit"
  [ "$has_systemd" = no ] || systemctl daemon-reload
  rm -rf "$home" "$data"
  if id "$user" >/dev/null 2>&1; then userdel "$user" 2>/dev/null || true; fi
  say 'the agent is gone from this host; on the server: linewatch agent remove NAME'
}
if [ "$uninstall" = yes ]; then
  uninstall
  exit 0
fi

has_joined=no
[ ! -e "$data/identity.json" ] || has_joined=yes
[ -n "$token" ] || [ "$has_joined" = yes ] ||
  misuse 'give --token TOKEN, as `linewatch agent token create` prints it on the server'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The server's own authority, by which the download is checked.
cat >"$work/ca.pem" <<'PEM'
@CA_PEM@
PEM
say "fetching $url/agent/$package"
if command -v curl >/dev/null; then
  curl -fsS --cacert "$work/ca.pem" -o "$work/$package" "$url/agent/$package" || die 'the download failed: see above'
elif command -v wget >/dev/null; then
  wget -q --ca-certificate="$work/ca.pem" -O "$work/$package" "$url/agent/$package" || die 'the download failed'
else
  die 'needs curl or wget'
fi
printf '%s  %s\n' '@SHA256@' "$work/$package" | sha256sum -c - >/dev/null 2>&1 ||
  die 'the archive is not the one that this script was made for: fetch the script again'

[ "$has_systemd" = no ] || systemctl stop linewatch-agent.service 2>/dev/null || true
mkdir -p "$work/new"
tar -C "$work/new" -xzf "$work/$package"
# Beside the old one, then in its place: it is never half there.
rm -rf "$home.new" "$home.old"
mkdir -p "$(dirname "$home")"
cp -R "$work/new/linewatch-agent" "$home.new"
[ ! -e "$home" ] || mv "$home" "$home.old"
mv "$home.new" "$home"
rm -rf "$home.old"
"$home/bin/linewatch" --version >/dev/null || die "the agent does not start on this host: run $home/bin/linewatch --version"

if ! id "$user" >/dev/null 2>&1; then
  useradd --system --home-dir "$data" --no-create-home --shell /usr/sbin/nologin "$user" ||
    die "cannot add the user $user"
fi
mkdir -p "$data"
chown "$user" "$data"
chmod 700 "$data"

roots=''
[ -e /etc/ssl/certs/ca-certificates.crt ] || roots="$home/ca-certificates.crt"

as_agent() { # with the agent's own user, so that what it writes is its own
  if command -v setpriv >/dev/null; then
    setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups "$@"
  else
    "$@" && chown -R "$user" "$data"
  fi
}
if [ -n "$token" ]; then
  printf '%s\n' "$token" >"$work/token"
  chmod 755 "$work"
  chown "$user" "$work/token"
  chmod 400 "$work/token"
  eval "set -- $set_facts"
  as_agent "$home/bin/linewatch" --data "$data" agent join "$agent_server" --token-file "$work/token" "$@" ||
    die 'joining failed: see above. Once that is mended, run this again'
fi

if [ "$has_systemd" = no ]; then
  say "there is no systemd here. Start the agent yourself, as root or with CAP_NET_RAW:"
  say "  ${roots:+SSL_CERT_FILE=$roots }$home/bin/linewatch --data $data agent"
  exit 0
fi
cat >"$unit" <<UNIT
[Unit]
Description=linewatch agent
Documentation=$url
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=$home/bin/linewatch --data $data agent
${roots:+Environment=SSL_CERT_FILE=$roots}
User=$user
Restart=always
RestartSec=2
LimitNOFILE=65536
TimeoutStopSec=20
# Echoes and traces need raw sockets, and nothing else that is special.
AmbientCapabilities=CAP_NET_RAW
CapabilityBoundingSet=CAP_NET_RAW
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=$data
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK AF_PACKET
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now linewatch-agent.service || die 'the agent does not start: journalctl -u linewatch-agent'
say 'the agent runs. What it says: journalctl -u linewatch-agent; whether all is well: '"$home/bin/linewatch agent doctor"
