"""The words that names of fields are judged by: English, and what Brazilian feeds use."""

from __future__ import annotations


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _pairs(pairs: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(pair.split()) for pair in pairs.split(","))


# Ids.
IDS = _set("guid id identifier ulid uuid")
NUMBERS = _set("number no nr num reference ref")
REFERENCES = IDS | NUMBERS
CODES = REFERENCES | _set("code release version")
OTHERS = _set(  # whose ids stand in somebody else's documents
    """account app buyer campaign cart category client company correlation customer device location merchant parent
    partner payment product request seller session shop store subscription tenant trace user vendor"""
)
HEADS = _set("data document envelope event head header invoice meta metadata order")  # objects that head a document

# Numbers.
MONEY = _set(
    """amount balance charge charged charges cost costs deposit discount discounts due fee fees gross net paid payable
    preco price prices refund refunded subtotal sum tax taxes tip tips total totals valor vat"""
)
NO_MONEY = _set("count factor index percent percentage pct qty quantity rate ratio score weight")
NUMERIC = MONEY | NO_MONEY | _set("height lat latitude length lng lon longitude points volume width")

# Moments.
MOMENTS = _set(
    """at created date datetime epoch exp expiration expires expiry iat millis modified ms nbf seconds time timestamp ts
    updated"""
)
DAY_WORDS = _set("at data date datetime day dia on time timestamp ts utc")
HAPPENED = _set("booked booking event invoice issue issued occurred order ordered placed purchase purchased sale")
MADE = _set("create created creation transaction")

# Persons. All in the singular.
PERSONAL = _set(
    """addr address bic birth birthdate birthday cellphone cnpj cpf cvc cvv dob email endereco fax fingerprint firstname
    fullname gender iban ip lastname lat latitude lng lon longitude mail mobile msisdn nickname nif pan passport
    password phone postal postcode secret ssn street surname tel telefone telephone token
    username whatsapp zip zipcode"""
)
PERSONAL_PAIRS = _pairs(
    "account number,bank account,buyer name,card last,card number,client name,contact name,customer message,"
    "customer name,customer note,family name,financial account,first name,full name,gift message,given name,"
    "holder name,last name,legal name,middle name,national id,receiver name,recipient name,tax id,tax number,"
    "user agent,user name,vat id,vat number"
)
NAMED = _set(  # where it is a text that is called so, it is most likely a name
    """agent approver assignee atendente author autor buyer cardholder cashier clerk client cliente comprador consignee
    contact contato courier creator customer destinatario doctor driver editor employee funcionario guest holder host
    manager member motorista operator owner passenger patient payer person receiver recipient rep representative
    requester reviewer salesperson seller sender shopper signer staff teacher technician user usuario vendedor waiter
    worker"""
)
PERSONS = NAMED | _set("billing by party shipping")
OF_A_PERSON = _set("city comment company last name nome note notice region state")
PLACES = _set("addr address endereco")
WRITTEN = _set("comment comentario feedback instruction mensagem memo message note observacao remark")  # by somebody
NEUTRAL = _set("at count currency enabled format id kind status type verified version")  # whatever stands before them

# Names that say nothing of what is in an array, where one stands above it that does.
VAGUE = _set("data edges elements entries list nodes records results rows values")
PLURAL_ONLY = _set("goods means news series species")

# What a document says that only wraps the records.
ENVELOPE = _set(
    """a after api at b batch before code count created cursor d date end error errors export exported file first format
    from generated has job last limit link links message meta metadata more next object offset ok page pages pagination
    paging per previous range report results run schema self since size source start status success time timestamp to
    total totals type until updated url version"""
)
