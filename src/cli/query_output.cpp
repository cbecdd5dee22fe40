// SPDX-License-Identifier: Apache-2.0
#include "cli/query_output.h"

#include <fmt/core.h>

#include "base/document.h"
#include "cli/table.h"

namespace lw::cli {
namespace {

/// A table is for eyes; more rows than this are not read, and need memory to be laid out.
constexpr std::size_t kTableRowsMax = 1'000;

bool write(std::FILE* file, std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), file) == text.size();
}

Result<void> written(std::FILE* file) {
  if (std::fflush(file) == 0 && std::ferror(file) == 0) return {};
  return fail(ErrorCode::NoSpace, "the result cannot be written; is the disk full?");
}

/// As it comes.
class PlainOutput final : public QueryOutput {
 public:
  explicit PlainOutput(std::FILE* file) : file_(file) {}
  bool take(std::string_view piece) override { return write(file_, piece); }
  Result<void> end() override { return written(file_); }

 private:
  std::FILE* const file_;
};

/// One item per line of JSON, as a list.
class ListOutput final : public QueryOutput {
 public:
  ListOutput(std::FILE* file, bool is_yaml) : file_(file), is_yaml_(is_yaml) {}

  bool take(std::string_view piece) override {
    rest_ += piece;
    std::size_t begin = 0;
    for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
      if (!put(std::string_view(rest_).substr(begin, end - begin))) return false;
      begin = end + 1;
    }
    rest_.erase(0, begin);
    return true;
  }
  Result<void> end() override {
    if (!is_yaml_) write(file_, count_ == 0 ? "[]\n" : "\n]\n");
    if (is_yaml_ && count_ == 0) write(file_, "[]\n");
    return written(file_);
  }

 private:
  bool put(std::string_view line) {
    ++count_;
    if (!is_yaml_) return write(file_, count_ == 1 ? "[\n  " : ",\n  ") && write(file_, line);
    auto row = parse_json(line);
    if (!row) return false;
    Value list = Value::array();
    list.push(std::move(*row));
    return write(file_, to_yaml(list));
  }

  std::FILE* const file_;
  const bool is_yaml_;
  std::string rest_;
  std::size_t count_ = 0;
};

/// Columns for people.
class TableOutput final : public QueryOutput {
 public:
  bool take(std::string_view piece) override {
    for (CsvReader::Row& row : reader_.take(piece)) {
      if (names_.empty()) {
        names_ = std::move(row);
      } else if (count_ == kTableRowsMax) {
        is_cut_ = true;
        return false;
      } else {
        put(row);
      }
    }
    return true;
  }
  Result<void> end() override {
    std::vector<Column> columns;
    columns.reserve(names_.size());
    for (const std::string& name : names_) columns.push_back(column(name, name));
    print_list("table", columns, rows_);
    if (is_cut_) {
      fmt::print(stderr, "linewatch: only the first {} rows are shown; -o csv gives all\n",
                 kTableRowsMax);
    }
    return {};
  }

 private:
  void put(const CsvReader::Row& cells) {
    Value row = Value::object();
    for (std::size_t i = 0; i < names_.size() && i < cells.size(); ++i) {
      row.set(names_[i], shown(cells[i]));
    }
    rows_.push(std::move(row));
    ++count_;
  }
  /// On one line.
  static std::string shown(std::string text) {
    for (char& c : text) {
      if (static_cast<unsigned char>(c) < ' ') c = ' ';
    }
    return text;
  }

  CsvReader reader_;
  std::vector<std::string> names_;
  Value rows_ = Value::array();
  std::size_t count_ = 0;
  bool is_cut_ = false;
};

}  // namespace

std::vector<CsvReader::Row> CsvReader::take(std::string_view piece) {
  std::vector<Row> rows;
  for (const char c : piece) {
    if (state_ == State::QuoteInQuoted) {
      state_ = c == '"' ? State::Quoted : State::Plain;
      if (c == '"') {
        cell_ += c;
        continue;
      }
    }
    if (state_ == State::Quoted) {
      if (c == '"') {
        state_ = State::QuoteInQuoted;
      } else {
        cell_ += c;
      }
    } else if (c == '"') {
      state_ = State::Quoted;
    } else if (c == ',') {
      row_.push_back(std::exchange(cell_, {}));
    } else if (c == '\n') {
      row_.push_back(std::exchange(cell_, {}));
      rows.push_back(std::exchange(row_, {}));
    } else if (c != '\r') {
      cell_ += c;
    }
  }
  return rows;
}

std::string_view server_format(std::string_view output) {
  if (output == "table") return "csv";
  if (output == "json" || output == "yaml") return "jsonl";
  return output;
}

bool is_binary_format(std::string_view output) {
  return output == "parquet" || output == "arrow" || output == "xlsx";
}

std::unique_ptr<QueryOutput> make_query_output(std::string_view output, std::FILE* file) {
  if (output == "table") return std::make_unique<TableOutput>();
  if (output == "json" || output == "yaml") {
    return std::make_unique<ListOutput>(file, output == "yaml");
  }
  return std::make_unique<PlainOutput>(file);
}

}  // namespace lw::cli
