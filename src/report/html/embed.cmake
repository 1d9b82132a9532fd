# Runs while the project is built: puts the page's style and script, and their hashes for its content security policy,
# into page.html, and writes that as a C++ string.
#
#   cmake -DSOURCE=src/report/html -DUPLOT=third_party/uplot -DOUTPUT=page.cc -P embed.cmake

cmake_minimum_required(VERSION 3.25)

# SHA-256 of `text` in base64: three hexadecimal digits make two of base64.
function(sha256_base64 text result)
  set(digits "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  string(SHA256 hex "${text}")
  set(hex "${hex}00")
  set(out "")
  foreach(at RANGE 0 63 3)
    string(SUBSTRING "${hex}" ${at} 3 three)
    math(EXPR high "0x${three} >> 6")
    math(EXPR low "0x${three} & 63")
    string(SUBSTRING "${digits}" ${high} 1 first)
    string(SUBSTRING "${digits}" ${low} 1 second)
    string(APPEND out "${first}${second}")
  endforeach()
  string(SUBSTRING "${out}" 0 43 out)
  set(${result} "${out}=" PARENT_SCOPE)
endfunction()

file(READ "${SOURCE}/page.html" page)
file(READ "${SOURCE}/page.css" own_style)
file(READ "${SOURCE}/page.js" own_script)
file(READ "${UPLOT}/uPlot.min.css" plot_style)
file(READ "${UPLOT}/uPlot.iife.min.js" plot_script)
set(style "${plot_style}\n${own_style}")
set(script "${plot_script}\n${own_script}")
sha256_base64("${style}" style_hash)
sha256_base64("${script}" script_hash)
string(REPLACE "%style_hash%" "${style_hash}" page "${page}")
string(REPLACE "%script_hash%" "${script_hash}" page "${page}")
string(REPLACE "%style%" "${style}" page "${page}")
string(REPLACE "%script%" "${script}" page "${page}")
file(WRITE "${OUTPUT}" "// Written by embed.cmake from src/report/html: do not edit.
#include \"report/html_page.h\"

namespace mtalens {

const std::string_view kHtmlPage = R\"~page~(${page})~page~\";

}  // namespace mtalens
")
