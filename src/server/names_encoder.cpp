// SPDX-License-Identifier: Apache-2.0
#include "server/names_encoder.h"

#include <utility>

namespace lw::server {

NamesEncoder::Translated::Translated(const TextColumn* old, TextColumn& fresh)
    : before(old), column(&fresh) {
  if (old != nullptr) numbers.assign(old->dictionary.texts().size(), Dictionary::kMissing);
}

void NamesEncoder::Translated::keep(std::size_t row) {
  const std::uint32_t old = before->numbers[row];
  if (old == Dictionary::kMissing) return column->add({});
  std::uint32_t& number = numbers[old];
  if (number == Dictionary::kMissing) {
    column->add(before->dictionary.texts()[old]);
    number = column->numbers.back();
  } else {
    column->numbers.push_back(number);
  }
}

void NamesEncoder::Translated::add(std::size_t row, std::string_view text) {
  const std::uint32_t old = before->numbers[row];
  const bool is_same =
      old == Dictionary::kMissing ? text.empty() : text == before->dictionary.texts()[old];
  return is_same ? keep(row) : column->add(text);
}

NamesEncoder::NamesEncoder(std::shared_ptr<const SnapshotNames> before)
    : before_(std::move(before)),
      address_(before_ ? &before_->address : nullptr, names_->address),
      agent_(before_ ? &before_->agent : nullptr, names_->agent),
      protocol_(before_ ? &before_->protocol : nullptr, names_->protocol) {
  for (const auto column : {&SnapshotNames::monitor, &SnapshotNames::group, &SnapshotNames::source,
                            &SnapshotNames::destination, &SnapshotNames::configuration}) {
    of_id_.emplace_back(before_ ? &(*before_.*column) : nullptr, *names_.*column);
  }
}

std::optional<std::size_t> NamesEncoder::row_before(TestId test) {
  if (!before_) return std::nullopt;
  const auto& ids = before_->ids;
  if (next_ < ids.size() && ids[next_] == test.value) return next_++;
  if (rows_.empty()) {
    rows_.reserve(ids.size());
    for (std::size_t row = 0; row < ids.size(); ++row) rows_.emplace(ids[row], row);
  }
  const auto found = rows_.find(test.value);
  if (found == rows_.end()) return std::nullopt;
  next_ = found->second + 1;
  return found->second;
}

void NamesEncoder::add(const TestNames& names) {
  const auto row = row_before(names.id);
  if (!row) return names_->add(names);
  for (Translated& column : of_id_) column.keep(*row);
  address_.add(*row, names.address);
  agent_.add(*row, names.agent);
  protocol_.add(*row, names.protocol);
  names_->ids.push_back(names.id.value);
  names_->agent_addresses.emplace_back(names.agent_address);
  names_->port.push_back(names.port);
  names_->frequency_s.push_back(names.frequency_s);
}

std::shared_ptr<const SnapshotNames> NamesEncoder::take() { return std::move(names_); }

}  // namespace lw::server
