// SPDX-License-Identifier: Apache-2.0
#include "model/path.h"

#include <array>

namespace lw {
namespace {

struct LabelRow {
  HopLabel label;
  const char* name;
};

constexpr std::array kLabels{
    LabelRow{HopLabel::RateLimited, "RateLimited"},
    LabelRow{HopLabel::Silent, "Silent"},
    LabelRow{HopLabel::SlowAnswers, "SlowAnswers"},
    LabelRow{HopLabel::PerPacketBalanced, "PerPacketBalanced"},
    LabelRow{HopLabel::Translated, "Translated"},
    LabelRow{HopLabel::DscpRewritten, "DscpRewritten"},
    LabelRow{HopLabel::EcnRewritten, "EcnRewritten"},
    LabelRow{HopLabel::InTunnel, "InTunnel"},
    LabelRow{HopLabel::TunnelSuspected, "TunnelSuspected"},
    LabelRow{HopLabel::Loop, "Loop"},
    LabelRow{HopLabel::Prohibited, "Prohibited"},
    LabelRow{HopLabel::Assumed, "Assumed"},
    LabelRow{HopLabel::AsymmetricReturn, "AsymmetricReturn"},
};

}  // namespace

std::string to_string(HopLabel label) {
  for (const LabelRow& row : kLabels) {
    if (row.label == label) return row.name;
  }
  return {};
}

std::vector<HopLabel> labels_in(HopLabels labels) {
  std::vector<HopLabel> found;
  for (const LabelRow& row : kLabels) {
    if (has(labels, row.label)) found.push_back(row.label);
  }
  return found;
}

std::string to_string(PathIssueKind kind) {
  switch (kind) {
    case PathIssueKind::ForwardingLoss:
      return "ForwardingLoss";
    case PathIssueKind::AddedLatency:
      return "AddedLatency";
    case PathIssueKind::Broken:
      return "Broken";
    case PathIssueKind::Loop:
      return "Loop";
    case PathIssueKind::Prohibited:
      return "Prohibited";
    case PathIssueKind::Unreachable:
      return "Unreachable";
    case PathIssueKind::MtuTooSmall:
      return "MtuTooSmall";
    case PathIssueKind::PerPacketBalancing:
      return "PerPacketBalancing";
    case PathIssueKind::LocalError:
      return "LocalError";
  }
  return {};
}

std::string to_string(PathMtuVerdict verdict) {
  switch (verdict) {
    case PathMtuVerdict::Unknown:
      return "Unknown";
    case PathMtuVerdict::Full:
      return "Full";
    case PathMtuVerdict::Told:
      return "Told";
    case PathMtuVerdict::BlackHole:
      return "BlackHole";
    case PathMtuVerdict::NoAnswer:
      return "NoAnswer";
    case PathMtuVerdict::Unclear:
      return "Unclear";
  }
  return {};
}

}  // namespace lw
