// SPDX-License-Identifier: Apache-2.0
#include "cli/line_editor.h"

#include <dlfcn.h>
#include <histedit.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <iostream>

#include "cli/terminal.h"

namespace lw::cli {
namespace {

constexpr const char* kLibrary = "libedit.so.2";
constexpr int kHistorySize = 1'000;
constexpr std::size_t kCandidatesMax = 100;

/// The functions of libedit that are used; `lib` is null if it is not there.
struct Library {
  void* lib = nullptr;
  decltype(&::el_init) init = nullptr;
  decltype(&::el_end) end = nullptr;
  decltype(&::el_set) set = nullptr;
  decltype(&::el_gets) gets = nullptr;
  decltype(&::el_line) line = nullptr;
  decltype(&::el_insertstr) insert = nullptr;
  decltype(&::el_deletestr) remove = nullptr;
  decltype(&::history_init) history_init = nullptr;
  decltype(&::history_end) history_end = nullptr;
  decltype(&::history) history = nullptr;
};

template <class Function>
bool look_up(const Library& library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(library.lib, name));
  return function != nullptr;
}

Library load() {
  Library library;
  library.lib = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library.lib == nullptr) return {};
  const bool is_whole =
      look_up(library, "el_init", library.init) && look_up(library, "el_end", library.end) &&
      look_up(library, "el_set", library.set) && look_up(library, "el_gets", library.gets) &&
      look_up(library, "el_line", library.line) &&
      look_up(library, "el_insertstr", library.insert) &&
      look_up(library, "el_deletestr", library.remove) &&
      look_up(library, "history_init", library.history_init) &&
      look_up(library, "history_end", library.history_end) &&
      look_up(library, "history", library.history);
  return is_whole ? library : Library{};
}

}  // namespace

struct LineEditor::Impl {
  Library lib;
  EditLine* editor = nullptr;
  History* past = nullptr;
  std::string history_file;
  Complete complete;
  std::string prompt;
  bool was_dropped = false;

  /// The one editor that there is: libedit's callbacks have no other way to it.
  static Impl* current;

  static char* show_prompt(EditLine*) { return current->prompt.data(); }
  static unsigned char drop(EditLine*, int) {
    current->was_dropped = true;
    return CC_EOF;
  }
  static unsigned char complete_word(EditLine*, int) { return current->do_complete(); }
  unsigned char do_complete();
  void show(const std::vector<std::string>& candidates) const;
  void open();
  void close();
};

LineEditor::Impl* LineEditor::Impl::current = nullptr;

void LineEditor::Impl::open() {
  lib = load();
  if (lib.lib == nullptr) return;
  std::setlocale(LC_CTYPE, "");  // Else it takes bytes for characters.
  editor = lib.init("linewatch", stdin, stdout, stderr);
  if (editor == nullptr) return;
  past = lib.history_init();
  HistEvent event{};
  lib.history(past, &event, H_SETSIZE, kHistorySize);
  lib.history(past, &event, H_SETUNIQUE, 1);
  if (!history_file.empty()) lib.history(past, &event, H_LOAD, history_file.c_str());
  lib.set(editor, EL_PROMPT, &Impl::show_prompt);
  lib.set(editor, EL_EDITOR, "emacs");
  lib.set(editor, EL_HIST, lib.history, past);
  lib.set(editor, EL_ADDFN, "complete", "Completes a name", &Impl::complete_word);
  lib.set(editor, EL_BIND, "^I", "complete", nullptr);
  lib.set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  // While a line is edited, Ctrl-C is a key like others; while a query runs, it is a signal.
  lib.set(editor, EL_SETTY, "-d", "-isig", nullptr);
  lib.set(editor, EL_ADDFN, "drop", "Drops the line", &Impl::drop);
  lib.set(editor, EL_BIND, "^C", "drop", nullptr);
}

void LineEditor::Impl::close() {
  if (past != nullptr) {
    HistEvent event{};
    if (!history_file.empty()) lib.history(past, &event, H_SAVE, history_file.c_str());
    lib.history_end(past);
  }
  if (editor != nullptr) lib.end(editor);
}

unsigned char LineEditor::Impl::do_complete() {
  const LineInfo* const info = lib.line(editor);
  const std::string_view before(info->buffer,
                                static_cast<std::size_t>(info->cursor - info->buffer));
  const Completion found = complete(before);
  if (found.candidates.empty()) return CC_REFRESH_BEEP;
  const std::string common = common_prefix(found.candidates);
  const bool is_one = found.candidates.size() == 1;
  if (common.size() > found.replaced || is_one) {
    lib.remove(editor, static_cast<int>(found.replaced));
    lib.insert(editor, (is_one ? common + " " : common).c_str());
    return CC_REFRESH;
  }
  show(found.candidates);
  return CC_REDISPLAY;
}

void LineEditor::Impl::show(const std::vector<std::string>& candidates) const {
  std::size_t width = 0;
  for (const std::string& candidate : candidates) width = std::max(width, candidate.size() + 2);
  const std::size_t columns = std::max<std::size_t>(1, terminal_width() / width);
  std::string text = "\n";
  for (std::size_t i = 0; i < candidates.size() && i < kCandidatesMax; ++i) {
    text += candidates[i];
    const bool ends =
        (i + 1) % columns == 0 || i + 1 == candidates.size() || i + 1 == kCandidatesMax;
    text += ends ? std::string("\n") : std::string(width - candidates[i].size(), ' ');
  }
  if (candidates.size() > kCandidatesMax) {
    text += "… and " + std::to_string(candidates.size() - kCandidatesMax) + " more\n";
  }
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

LineEditor::LineEditor(std::string history_file, Complete complete)
    : impl_(std::make_unique<Impl>()) {
  impl_->history_file = std::move(history_file);
  impl_->complete = std::move(complete);
  Impl::current = impl_.get();
  impl_->open();
}

LineEditor::~LineEditor() {
  impl_->close();
  Impl::current = nullptr;
}

bool LineEditor::can_edit() const { return impl_->editor != nullptr; }

LineEditor::Read LineEditor::read(const std::string& prompt, std::string& line) {
  impl_->prompt = prompt;
  if (!can_edit()) {
    std::fputs(prompt.c_str(), stdout);
    std::fflush(stdout);
    return std::getline(std::cin, line) ? Read::Line : Read::End;
  }
  impl_->was_dropped = false;
  // Before the prompt is seen: libedit does it afterwards, and a Ctrl-C between would be a signal.
  impl_->lib.set(impl_->editor, EL_PREP_TERM, 1);
  int size = 0;
  const char* const text = impl_->lib.gets(impl_->editor, &size);
  if (text == nullptr || size <= 0 || impl_->was_dropped) {
    std::fputs("\n", stdout);
    return impl_->was_dropped ? Read::Dropped : Read::End;
  }
  line.assign(text, static_cast<std::size_t>(size));
  while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
  return Read::Line;
}

void LineEditor::remember(const std::string& line) {
  if (!can_edit() || line.empty()) return;
  HistEvent event{};
  impl_->lib.history(impl_->past, &event, H_ENTER, line.c_str());
  // At once, so that it is there even if this ends in another way than by its end.
  if (!impl_->history_file.empty()) {
    impl_->lib.history(impl_->past, &event, H_SAVE, impl_->history_file.c_str());
  }
}

std::string common_prefix(const std::vector<std::string>& candidates) {
  if (candidates.empty()) return {};
  std::string_view common = candidates.front();
  for (const std::string& candidate : candidates) {
    const auto end = std::ranges::mismatch(common, candidate).in1;
    common = common.substr(0, static_cast<std::size_t>(end - common.begin()));
  }
  return std::string(common);
}

}  // namespace lw::cli
