#include "watch/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace mtalens {
namespace {

constexpr std::size_t kMostNews = 6;  // lines

std::size_t rows() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

void show(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

Screen::Screen() { show("\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"); }
Screen::~Screen() { show("\x1b[?7h\x1b[?25h\x1b[?1049l"); }

void Screen::draw(std::string_view report, const std::vector<std::string>& news) {
  const auto room = rows() - 1;
  const auto told = std::min({news.size(), kMostNews, room / 3});
  auto lines = lines_of(report);
  lines.resize(std::min(lines.size(), room - (told > 0 ? told + 1 : 0)));
  std::string page = "\x1b[H";
  for (const auto line : lines) page.append(line).append("\x1b[0m\x1b[K\r\n");
  if (told > 0) page.append("\x1b[K\r\n");
  for (auto i = news.size() - told; i < news.size(); ++i) page.append(news[i]).append("\x1b[K\r\n");
  page.append("\x1b[J");
  if (page == drawn_) return;
  show(page);
  drawn_ = std::move(page);
}

}  // namespace mtalens
