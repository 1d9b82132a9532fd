// The address that a provider counts by, as its replies name it.
#include <catch2/catch.hpp>

#include "knowledge/sending_address.h"

using namespace mtalens;

TEST_CASE("sending address: as the replies of providers name it") {
  CHECK(sending_address_in("421 Too many messages (1.5.6.1) from 81.2.3.4") == "81.2.3.4");
  CHECK(sending_address_in("421 4.7.0 [TSS04] Messages from 81.2.3.4 temporarily deferred due to unexpected volume") == "81.2.3.4");
  CHECK(sending_address_in("421-4.7.28 [81.2.3.4      15] Our system has detected an unusual rate of mail") == "81.2.3.4");
  CHECK(sending_address_in("450 4.7.1 Rate exceeded for your IP address [2001:db8::25]") == "2001:db8::25");
  CHECK(sending_address_in("421 4.7.0 Too many messages from 2001:DB8:0:1::9, try later") == "2001:DB8:0:1::9");
}

TEST_CASE("sending address: where there is none, none is made up") {
  CHECK(sending_address_in("") == "");
  CHECK(sending_address_in("421 4.7.0 Too many messages from you") == "");
  CHECK(sending_address_in("421 4.7.28 from 12:30 on, ask again") == "");
  CHECK(sending_address_in("450 from [::::] and from " + std::string(5000, ':')) == "");
  CHECK(sending_address_in("452 quota of 1.2.3 used up") == "");
}

TEST_CASE("sending address: a host's own loopback is nobody else's") {
  CHECK(is_loopback("127.0.0.1"));
  CHECK(is_loopback("127.1.0.7"));
  CHECK(is_loopback("::1"));
  CHECK_FALSE(is_loopback("81.2.3.4"));
  CHECK_FALSE(is_loopback("12.7.0.1"));
}
