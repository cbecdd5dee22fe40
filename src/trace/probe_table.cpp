// SPDX-License-Identifier: Apache-2.0
#include "trace/probe_table.h"

#include "base/random.h"

namespace lw::trace {

std::optional<std::uint16_t> ProbeTable::add(std::size_t index, const SentProbe& probe,
                                             Instant now) {
  std::unique_ptr<Line>& line = lines_.at(index);
  if (!line) {
    line = std::make_unique<Line>();
    // Answers to an agent that ran before meet no probe of the same number.
    line->first = static_cast<std::uint32_t>(random_u64() % kNumbers);
  }
  std::deque<SentProbe>& probes = line->probes;
  while (!probes.empty() && probes.front().deadline + kHold <= now) {
    probes.pop_front();
    line->first = (line->first + 1) % kNumbers;
  }
  if (probes.size() >= kNumbers) return std::nullopt;
  const auto place = static_cast<std::uint32_t>((line->first + probes.size()) % kNumbers);
  probes.push_back(probe);
  return static_cast<std::uint16_t>(place + 1);
}

SentProbe* ProbeTable::find(std::size_t index, std::uint16_t number) {
  if (index >= lines_.size() || !lines_[index] || number == 0 || number > kNumbers) return nullptr;
  Line& line = *lines_[index];
  const std::size_t at = (number - 1U + kNumbers - line.first) % kNumbers;
  return at < line.probes.size() ? &line.probes[at] : nullptr;
}

std::size_t ProbeTable::size() const {
  std::size_t size = 0;
  for (const auto& line : lines_) size += line ? line->probes.size() : 0;
  return size;
}

}  // namespace lw::trace
