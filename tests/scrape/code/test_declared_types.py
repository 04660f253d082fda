"""What a receiver is declared to be, in the spelling of each language."""

from __future__ import annotations

import pytest
from tests.scrape.code.test_code import file_details, read

from verdigris.records import SymbolDetails

JAVA = """class Cafe {
  private final Pot pot = brew();
  void serve(Cup<Tea> cup, org.tea.Lid lid) throws E {
    var pan = new Pan();
    for (Guest guest : guests) { guest.sit(); }
    this.pot.pour(); pot.fill(); cup.lift(); lid.close(); pan.heat(); other.stir();
  }
  void tidy(Dish pot) { pot.dry(); this.pot.rinse(); }
  void close() { var pot = find(); pot.sell(); }
}
"""
CPP = """class Cafe {
  void Serve(const Cup& cup) { cup.Lift(); pot_->Pour(); lids_->Close(); }
  Pot* pot_;
  std::unique_ptr<tea::Lid> lids_;
};
void Heat(Pan* pan) {
  Stove stove(1);
  auto gas = Gas(2);
  auto* fire = new Fire();
  for (Spoon& spoon : pan->Spoons()) { spoon.Stir(); }
  stove.Light(); gas.Flow(); fire.Burn();
}
"""
CSHARP = """class Cafe {
  private Pot pot;
  public Lid Top { get; set; }
  void Serve(Cup cup, Tray? tray) {
    var pan = new Pan();
    foreach (Guest guest in guests) { guest.Sit(); }
    pot.Pour(); Top.Close(); cup.Lift(); tray.Carry(); pan.Heat();
  }
}
"""
KOTLIN = """class Cafe(val pot: Pot, lid: Lid?) {
  val tray = Tray()
  fun serve(cup: Cup) {
    val pan: Pan = find()
    pot.pour(); tray.carry(); cup.lift(); pan.heat()
  }
}
"""
PHP = """<?php
class Cafe {
  private ?Pot $pot;
  function __construct(private \\Tea\\Lid $lid) { $this->tray = new Tray(); }
  function serve(Cup $cup) {
    $pan = new Pan();
    $this->pot->pour(); $this->lid->close(); $this->tray->carry(); $cup->lift(); $pan->heat();
  }
}
"""
SWIFT = """class Cafe {
  let pot: Pot
  var tray = Tray()
  func serve(_ cup: Cup, with lid: Lid?) {
    let pan: Pan = find()
    pot.pour(); tray.carry(); cup.lift(); lid.close(); pan.heat()
  }
}
"""
SCALA = """class Cafe(val pot: Pot) {
  val tray = new Tray(1)
  def serve(cup: Cup) = {
    val pan: Pan = find()
    pot.pour(); tray.carry(); cup.lift(); pan.heat()
  }
}
"""
TYPESCRIPT = """class Cafe {
  pot: Pot;
  tray = new Tray();
  constructor(private lid: Lid) { this.stove = new Stove(); }
  serve(cup: Cup) {
    const pan: Pan = find();
    const spoon = new Spoon();
    this.pot.pour(); this.tray.carry(); this.lid.close(); this.stove.light();
    cup.lift(); pan.heat(); spoon.stir();
  }
}
"""


@pytest.mark.parametrize(
    ("path", "text", "types"),
    [
        (
            "Cafe.java",
            JAVA,
            "Guest.sit Pot.pour Pot.fill Cup.lift tea.Lid.close Pan.heat Dish.dry Pot.rinse",
        ),
        (
            "cafe.cc",
            CPP,
            "Cup.Lift Pot.Pour tea.Lid.Close Pan.Spoons Spoon.Stir Stove.Light Gas.Flow Fire.Burn",
        ),
        ("Cafe.cs", CSHARP, "Guest.Sit Pot.Pour Lid.Close Cup.Lift Tray.Carry Pan.Heat"),
        ("Cafe.kt", KOTLIN, "Pot.pour Tray.carry Cup.lift Pan.heat"),
        ("Cafe.php", PHP, "Pot.pour Tea.Lid.close Tray.carry Cup.lift Pan.heat"),
        ("Cafe.swift", SWIFT, "Pot.pour Tray.carry Cup.lift Lid.close Pan.heat"),
        ("Cafe.scala", SCALA, "Pot.pour Tray.carry Cup.lift Pan.heat"),
        (
            "cafe.ts",
            TYPESCRIPT,
            "Pot.pour Tray.carry Lid.close Stove.light Cup.lift Pan.heat Spoon.stir",
        ),
    ],
)
def test_the_declared_types_of_receivers(path: str, text: str, types: str) -> None:
    events = read(path, text)
    assert file_details(events).warning == ""
    calls = [
        call
        for event in events
        if isinstance(event.details, SymbolDetails)
        for call in event.details.calls
    ]
    typed = [f"{call.receiver_type}.{call.name}" for call in calls if call.receiver_type]
    assert sorted(typed) == sorted(types.split())
