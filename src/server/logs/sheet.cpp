// SPDX-License-Identifier: Apache-2.0
#include "server/logs/sheet.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "kql/literal.h"

namespace lw::server::logs {
namespace {

using kql::Type;

/// Excel's day 0 is 1899-12-30, so that 1900-03-01 is 61: days before are counted wrong there.
constexpr std::int64_t kDayZero = 599'264'352'000'000'000;
constexpr std::int64_t kFirstTicks = kDayZero + 61 * kql::kTicksPerDay;
/// Cells have doubles.
constexpr std::int64_t kExactMax = std::int64_t{1} << 53;
/// Characters of a cell. Bytes are never fewer.
constexpr std::size_t kTextMax = 32'767;
/// A sheet that is larger is no longer begun: archives have 32 bits for sizes.
constexpr std::uint64_t kSheetBytesMax = std::uint64_t{3} << 30;

// Styles of cells: places in cellXfs below.
constexpr std::string_view kBold = " s=\"1\"", kTime = " s=\"2\"", kSpan = " s=\"3\"";

constexpr std::string_view kXml = R"(<?xml version="1.0" encoding="UTF-8" standalone="yes"?>)";
constexpr std::string_view kMain = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
constexpr std::string_view kRelations =
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
constexpr std::string_view kPackage = "http://schemas.openxmlformats.org/package/2006/";
constexpr std::string_view kSheetType =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.";

std::string styles() {
  return std::string(kXml) + "<styleSheet xmlns=\"" + std::string(kMain) + "\">" +
         R"(<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss.000"/>)"
         R"(<numFmt numFmtId="165" formatCode="[h]:mm:ss.000"/></numFmts>)"
         R"(<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>)"
         R"(<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>)"
         R"(<fills count="2"><fill><patternFill patternType="none"/></fill>)"
         R"(<fill><patternFill patternType="gray125"/></fill></fills>)"
         R"(<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>)"
         R"(<cellXfs count="4"><xf/><xf fontId="1" applyFont="1"/>)"
         R"(<xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/>)"
         R"(</cellXfs></styleSheet>)";
}

bool is_hex4(std::string_view text) {
  return text.size() >= 4 &&
         text.substr(0, 4).find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

/// Text as XML has it. Control characters are written `_x0007_`, as Excel reads them, and what
/// looks like that is written so that it stays what it is.
void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    const std::string_view rest = text.substr(i);
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (byte < ' ' && c != '\t' && c != '\n') {
      out += "_x00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
      out += '_';
    } else if (rest.starts_with("_x") && is_hex4(rest.substr(2)) &&
               rest.substr(6).starts_with('_')) {
      out += "_x005F_";
    } else if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF")) {
      // U+FFFE and U+FFFF are no characters of XML.
      out += "\xEF\xBF\xBD";
      i += 2;
    } else {
      out += c;
    }
  }
}

/// As many characters as a cell may have, which are counted in UTF-16.
std::string_view cut_text(std::string_view text, bool& is_cut) {
  std::size_t units = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) == 0x80) continue;
    units += byte >= 0xF0 ? 2U : 1U;
    // One place is kept for the sign that says so.
    if (units >= kTextMax && text.size() > i + 1) {
      is_cut = true;
      return text.substr(0, i);
    }
  }
  return text;
}

void append_text(std::string& out, std::string_view given, std::string_view style = {}) {
  const std::string valid = valid_utf8(given);
  bool is_cut = false;
  const std::string_view text = valid.size() < kTextMax ? valid : cut_text(valid, is_cut);
  out += "<c";
  out += style;
  out += " t=\"inlineStr\"><is><t xml:space=\"preserve\">";
  append_escaped(out, text);
  if (is_cut) out += "…";
  out += "</t></is></c>";
}

template <class Number>
void append_number(std::string& out, Number value, std::string_view style = {}) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out += "<c";
  out += style;
  out += "><v>";
  out.append(digits.data(), end);
  out += "</v></c>";
}

/// Days, to the millisecond that cells show.
double days_of(std::int64_t ticks) {
  constexpr std::int64_t kTicksPerMs = kql::kTicksPerSecond / 1'000;
  constexpr double kMsPerDay = 86'400'000.;
  const std::int64_t ms = (ticks + kTicksPerMs / 2) / kTicksPerMs;
  return static_cast<double>(ms) / kMsPerDay;
}

void append_whole(std::string& out, std::int64_t value) {
  if (value >= -kExactMax && value <= kExactMax) return append_number(out, value);
  append_text(out, std::to_string(value));
}

void append_real(std::string& out, double value) {
  if (std::isfinite(value)) return append_number(out, value);
  append_text(out, std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
}

void append_time(std::string& out, std::int64_t ticks) {
  if (ticks < kFirstTicks) return append_text(out, kql::datetime_text(ticks));
  append_number(out, days_of(ticks - kDayZero), kTime);
}

void append_span(std::string& out, std::int64_t ticks) {
  if (ticks < 0) return append_text(out, kql::timespan_text(ticks));
  append_number(out, days_of(ticks), kSpan);
}

}  // namespace

void append_sheet_cell(std::string& out, store::RowReader& row, Type type) {
  if (type != Type::String && row.number<std::uint8_t>() != 0) {
    out += "<c/>";
    return;
  }
  switch (type) {
    case Type::Bool:
      out +=
          row.number<std::uint8_t>() != 0 ? R"(<c t="b"><v>1</v></c>)" : R"(<c t="b"><v>0</v></c>)";
      return;
    case Type::Int:
      return append_whole(out, row.number<std::int32_t>());
    case Type::Long:
      return append_whole(out, row.number<std::int64_t>());
    case Type::Real:
    case Type::Decimal:
      return append_real(out, row.number<double>());
    case Type::DateTime:
      return append_time(out, row.number<std::int64_t>());
    case Type::TimeSpan:
      return append_span(out, row.number<std::int64_t>());
    case Type::String:
    case Type::Guid:
    case Type::Dynamic:
    case Type::Error:
      return append_text(out, row.text());
  }
}

RowSheet::RowSheet(std::vector<kql::ResultColumn> columns, std::uint64_t rows_of_sheet)
    : columns_(std::move(columns)), rows_of_sheet_(rows_of_sheet) {}

void RowSheet::begin_sheet() {
  rows_ = 0;
  zip_.begin_file("xl/worksheets/sheet" + std::to_string(++sheets_) + ".xml");
  std::string text = std::string(kXml) + "<worksheet xmlns=\"" + std::string(kMain) + "\">" +
                     R"(<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" )"
                     R"(topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView>)"
                     R"(</sheetViews><sheetFormatPr baseColWidth="20" defaultRowHeight="15"/>)"
                     "<sheetData><row>";
  for (const kql::ResultColumn& column : columns_) append_text(text, column.name, kBold);
  zip_.add(text + "</row>");
}

void RowSheet::end_sheet() { zip_.add("</sheetData></worksheet>"); }

std::string RowSheet::head() {
  if (sheets_ == 0) begin_sheet();
  return zip_.take();
}

std::string RowSheet::take(std::string_view bytes) {
  // Rows may come before the head is asked for.
  if (sheets_ == 0) begin_sheet();
  rest_ += bytes;
  std::string text;
  std::size_t read = 0;
  for (store::RowReader row(rest_); !row.at_end();) {
    text = "<row>";
    for (const kql::ResultColumn& column : columns_) append_sheet_cell(text, row, column.type);
    if (row.is_broken()) break;  // The row goes on in the next piece.
    if (rows_ == rows_of_sheet_ || zip_.file_bytes() > kSheetBytesMax) {
      end_sheet();
      begin_sheet();
    }
    ++rows_;
    zip_.add(text + "</row>");
    read = rest_.size() - row.left();
  }
  rest_.erase(0, read);
  return zip_.take();
}

/// What names the sheets; it may stand behind them.
void RowSheet::add_book() {
  std::string sheets, relations, types;
  for (int i = 1; i <= sheets_; ++i) {
    const std::string n = std::to_string(i);
    sheets += "<sheet name=\"Rows" + (i == 1 ? "" : " " + n) + "\" sheetId=\"" + n + "\" r:id=\"r" +
              n + "\"/>";
    relations += "<Relationship Id=\"r" + n + "\" Type=\"" + std::string(kRelations) +
                 "/worksheet\" Target=\"worksheets/sheet" + n + ".xml\"/>";
    types += "<Override PartName=\"/xl/worksheets/sheet" + n + ".xml\" ContentType=\"" +
             std::string(kSheetType) + "worksheet+xml\"/>";
  }
  const std::string xml(kXml), package(kPackage), main(kMain), office(kRelations), type(kSheetType);
  const auto add = [&](const char* name, const std::string& text) {
    zip_.begin_file(name);
    zip_.add(xml + text);
  };
  add("xl/workbook.xml", "<workbook xmlns=\"" + main + "\" xmlns:r=\"" + office + "\"><sheets>" +
                             sheets + "</sheets></workbook>");
  add("xl/_rels/workbook.xml.rels", "<Relationships xmlns=\"" + package + "relationships\">" +
                                        relations + "<Relationship Id=\"styles\" Type=\"" + office +
                                        "/styles\" Target=\"styles.xml\"/></Relationships>");
  add("_rels/.rels", "<Relationships xmlns=\"" + package +
                         "relationships\"><Relationship Id=\"book\" Type=\"" + office +
                         "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
  add("[Content_Types].xml",
      "<Types xmlns=\"" + package +
          "content-types\"><Default Extension=\"rels\" "
          "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
          "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" +
          type + "sheet.main+xml\"/><Override PartName=\"/xl/styles.xml\" ContentType=\"" + type +
          "styles+xml\"/>" + types + "</Types>");
  zip_.begin_file("xl/styles.xml");
  zip_.add(styles());
}

std::optional<std::string> RowSheet::tail() {
  if (!rest_.empty()) return std::nullopt;
  if (sheets_ == 0) begin_sheet();
  end_sheet();
  add_book();
  zip_.finish();
  if (zip_.is_broken()) return std::nullopt;
  return zip_.take();
}

}  // namespace lw::server::logs
