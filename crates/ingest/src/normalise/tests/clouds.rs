//! Audit logs of clouds, identity providers and services, in the shapes that their products and the
//! exports of these write.

use super::check;

#[test]
fn m365_unified_audit_log() {
    check(
        r#"{"CreationTime":"2021-03-23T15:45:38","Operation":"New-InboxRule","RecordType":1,
        "ResultStatus":"True","Workload":"Exchange","UserId":"a@b","Parameters":[
        {"Name":"ForwardTo","Value":"x@y.example"},{"Name":"MarkAsRead","Value":"True"}]}"#,
        "m365/exchange",
        "2021-03-23T15:45:38Z",
        &[
            "eventSource=Exchange",
            "eventName=New-InboxRule",
            "status=success",
            r#"Parameters=[{"Name":"ForwardTo","Value":"x@y.example"},{"Name":"MarkAsRead","Value":"True"}]"#,
        ],
    );
    check(
        r#"{"CreationTime":"2021-03-23T15:45:38","Operation":"UserLoggedIn","RecordType":15,
        "Workload":"AzureActiveDirectory","ResultStatus":"Failed","ExtendedProperties":[
        {"Name":"UserAgent","Value":"x"},{"Name":"RequestType","Value":"Cmsi:Cmsi"}]}"#,
        "m365/audit",
        "2021-03-23T15:45:38Z",
        &["RequestType=Cmsi:Cmsi", "status=failure", "ResultStatus=Failed"],
    );
    check(
        r#"{"CreationTime":"2023-01-01T00:00:00","Operation":"AlertTriggered","RecordType":40,
        "Workload":"SecurityComplianceCenter","Name":"Impossible travel activity","Status":"Active"}"#,
        "m365/threat_management",
        "2023-01-01T00:00:00Z",
        &["eventName=Impossible travel activity", "status=success", "Status=Active"],
    );
}

#[test]
fn m365_in_envelopes() {
    let audit = r#"{\"CreationTime\":\"2023-01-01T00:00:00\",\"Operation\":\"MailItemsAccessed\",\"RecordType\":50,\"Workload\":\"Exchange\"}"#;
    check(
        &format!(
            r#"{{"RecordType":"ExchangeItem","CreationDate":"x","UserIds":"a@b","Operations":"MailItemsAccessed","AuditData":"{audit}"}}"#
        ),
        "m365/exchange",
        "2023-01-01T00:00:00Z",
        &["Operation=MailItemsAccessed", "RecordType=50", "UserIds=a@b"],
    );
    check(
        r#"{"AuditData":{"CreationTime":"2023-01-01T00:00:00","Operation":"X","RecordType":4,"Workload":"SharePoint"}}"#,
        "m365/audit",
        "2023-01-01T00:00:00Z",
        &["Operation=X"],
    );
    check(
        r#"{"TimeGenerated":"2023-01-01T00:00:00Z","OfficeWorkload":"Exchange","Operation":"Set-Mailbox","UserId":"a@b"}"#,
        "m365/exchange",
        "2023-01-01T00:00:00Z",
        &["Workload=Exchange", "eventSource=Exchange", "eventName=Set-Mailbox"],
    );
    check(
        r#"{"@timestamp":"2023-01-01T00:00:00Z","event":{"dataset":"o365.audit"},"o365":{"audit":{
        "Operation":"X","Workload":"Exchange","CreationTime":"2023-01-01T00:00:01","RecordType":1}}}"#,
        "m365/exchange",
        "2023-01-01T00:00:01Z",
        &["Operation=X"],
    );
}

#[test]
fn aws_cloudtrail() {
    let event = r#"{"eventVersion":"1.08","eventTime":"2023-07-10T11:42:00Z","eventSource":"s3.amazonaws.com",
        "eventName":"PutBucketVersioning","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.1",
        "userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/x"},"responseElements":null,
        "requestParameters":{"bucketName":"b","VersioningConfiguration":{"Status":"Suspended"}}}"#;
    let fields = [
        "eventName=PutBucketVersioning",
        "userIdentity.type=IAMUser",
        "src_ip=192.0.2.1",
        "status=success",
        r#"requestParameters={"bucketName":"b","VersioningConfiguration":{"Status":"Suspended"}}"#,
    ];
    check(event, "aws/cloudtrail", "2023-07-10T11:42:00Z", &fields);
    let text = serde_json::to_string(event).expect("a string");
    // As `lookup-events` prints it, as EventBridge and as a CloudWatch subscription delivers it.
    for envelope in [
        format!(
            r#"{{"EventId":"e","EventName":"PutBucketVersioning","Username":"x","CloudTrailEvent":{text}}}"#
        ),
        format!(
            r#"{{"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.s3","detail":{event}}}"#
        ),
        format!(r#"{{"id":"1","timestamp":1,"message":{text}}}"#),
        format!(r#"{{"_index":"i","_source":{event}}}"#),
    ] {
        check(&envelope, "aws/cloudtrail", "2023-07-10T11:42:00Z", &fields);
    }
    check(
        r#"{"eventtime":"2023-07-10T11:42:00Z","eventsource":"iam.amazonaws.com","eventname":"CreateUser",
        "awsregion":"us-east-1","errorcode":"AccessDenied","useridentity":{"type":"Root","username":"x"}}"#,
        "aws/cloudtrail",
        "2023-07-10T11:42:00Z",
        &[
            "eventName=CreateUser",
            "errorCode=AccessDenied",
            "status=failure",
            "userIdentity.type=Root",
        ],
    );
    check(
        r#"{"class_uid":6003,"category_uid":6,"time":1688989320000,"metadata":{"product":{"name":"CloudTrail"}},
        "api":{"operation":"DeleteTrail","service":{"name":"cloudtrail.amazonaws.com"}},"src_endpoint":{"ip":"192.0.2.1"}}"#,
        "aws/cloudtrail",
        "2023-07-10T11:42:00Z",
        &[
            "eventName=DeleteTrail",
            "eventSource=cloudtrail.amazonaws.com",
            "sourceIPAddress=192.0.2.1",
        ],
    );
    check(
        r#"{"srcAddr":"192.0.2.1","dstAddr":"192.0.2.2","dstPort":22,"vpcId":"v","action":"ACCEPT"}"#,
        "aws/vpcflow/firewall",
        "",
        &["src_ip=192.0.2.1", "dst_ip=192.0.2.2", "dst_port=22", "DestinationPort=22"],
    );
}

#[test]
fn entra_sign_ins() {
    // A diagnostic setting, Microsoft Graph, and a table of Log Analytics.
    check(
        r#"{"time":"2023-07-10T11:42:00Z","category":"SignInLogs","resultType":"50074","resultDescription":"Strong Auth required",
        "callerIpAddress":"192.0.2.1","location":"CZ","properties":{"userPrincipalName":"a@b","authenticationProtocol":"deviceCode",
        "authenticationRequirement":"singleFactorAuthentication","deviceDetail":{"deviceId":"","trustType":""},
        "networkLocationDetails":[{"networkType":"namedNetwork"}],"status":{"errorCode":50074}}}"#,
        "azure/signinlogs",
        "2023-07-10T11:42:00Z",
        &[
            "ResultType=50074",
            "resultType=50074",
            "ResultDescription=Strong Auth required",
            "AuthenticationRequirement=singleFactorAuthentication",
            "properties.message=Device Code",
            "Status=Failure",
            "DeviceDetail.deviceId=",
            "location=CZ",
            r#"NetworkLocationDetails={"networkType":"namedNetwork"}"#,
        ],
    );
    check(
        r#"{"id":"1","createdDateTime":"2023-07-10T11:42:00Z","userPrincipalName":"a@b","conditionalAccessStatus":"success",
        "status":{"errorCode":0,"additionalDetails":"MFA requirement satisfied"},"ipAddress":"192.0.2.1",
        "clientAppUsed":"IMAP4","deviceDetail":{"trustType":"AzureAd","isCompliant":false},"location":{"countryOrRegion":"CZ"}}"#,
        "azure/signinlogs",
        "2023-07-10T11:42:00Z",
        &[
            "ResultType=0",
            "Status=Success, MFA requirement satisfied",
            "ClientApp=IMAP4",
            "DeviceDetail.trusttype=AzureAd",
            "DeviceDetail.isCompliant=false",
            "callerIpAddress=192.0.2.1",
            "location=CZ",
        ],
    );
    check(
        r#"{"TimeGenerated":"2023-07-10T11:42:00Z","Category":"SignInLogs","OperationName":"Sign-in activity","ResultType":"0",
        "AuthenticationRequirement":"multiFactorAuthentication","UserPrincipalName":"a@b","Type":"SigninLogs"}"#,
        "azure/signinlogs",
        "2023-07-10T11:42:00Z",
        &[
            "resultType=0",
            "AuthenticationRequirement=multiFactorAuthentication",
            "ActivityDetails=Sign-ins",
        ],
    );
}

#[test]
fn entra_audit_and_risk() {
    let target = r#"[{"type":"User","displayName":"x","modifiedProperties":[
        {"displayName":"UserType","oldValue":"[\"Guest\"]","newValue":"[\"Member\"]"},
        {"displayName":"ConsentContext.IsAdminConsent","oldValue":null,"newValue":"\"False\""}]}]"#;
    check(
        &format!(
            r#"{{"time":"2023-07-10T11:42:00Z","category":"AuditLogs","operationName":"Update user","properties":{{
            "category":"UserManagement","activityDisplayName":"Update user","result":"success","loggedByService":"Core Directory",
            "initiatedBy":{{"user":{{"userPrincipalName":"a@b"}}}},"targetResources":{target}}}}}"#
        ),
        "azure/auditlogs",
        "2023-07-10T11:42:00Z",
        &[
            "OperationName=Update user",
            "properties.message=Update user",
            "Category=UserManagement",
            "category=UserManagement",
            "Status=Success",
            "LoggedByService=Core Directory",
            "ConsentContext.IsAdminConsent=False",
            "targetResources.type=User",
            "TargetResources.ModifiedProperties.DisplayName=UserType, ConsentContext.IsAdminConsent",
            "Initiatedby=a@b",
        ],
    );
    check(
        r#"{"id":"1","activityDateTime":"2023-07-10T11:42:00Z","activityDisplayName":"Delete device","category":"Device",
        "result":"failure","loggedByService":"Core Directory","additionalDetails":[{"key":"additionalInfo","value":"y"},
        {"key":"k","value":"v"}],"targetResources":[{"type":"Device","displayName":"pc"}]}"#,
        "azure/auditlogs",
        "2023-07-10T11:42:00Z",
        &[
            "operationName=Delete device",
            "Category=Device",
            "Status=failure",
            "additionalDetails.additionalInfo=y",
            r#"TargetResources={"type":"Device","displayName":"pc"}"#,
        ],
    );
    check(
        r#"{"TimeGenerated":"2023-07-10T11:42:00Z","OperationName":"Add user","Category":"UserManagement",
        "LoggedByService":"Core Directory","Result":"success"}"#,
        "azure/auditlogs",
        "2023-07-10T11:42:00Z",
        &["operationName=Add user", "category=UserManagement", "Status=Success"],
    );
    check(
        r#"{"time":"2023-07-10T11:42:00Z","category":"UserRiskEvents","properties":{"riskEventType":"leakedCredentials"}}"#,
        "azure/riskdetection",
        "2023-07-10T11:42:00Z",
        &["riskEventType=leakedCredentials"],
    );
    check(
        r##"{"@odata.type":"#microsoft.graph.staleSignInAlertIncident","id":"1","roleTemplateId":"r"}"##,
        "azure/pim",
        "",
        &["riskEventType=staleSignInAlertIncident"],
    );
}

#[test]
fn azure_activity_and_gateway() {
    check(
        r#"{"time":"2023-07-10T11:42:00Z","resourceId":"/SUBSCRIPTIONS/1","operationName":"MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE",
        "category":"Administrative","resultType":"Start","callerIpAddress":"192.0.2.1","identity":{"claims":{"appid":"a"}}}"#,
        "azure/activitylogs",
        "2023-07-10T11:42:00Z",
        &[
            "CategoryValue=Administrative",
            "caller=a",
            "OperationNameValue=MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE",
        ],
    );
    check(
        r#"{"caller":"a@b","eventTimestamp":"2023-07-10T11:42:00Z","operationName":{"value":"Microsoft.X/y/delete",
        "localizedValue":"Delete y"},"category":{"value":"Administrative"},"resourceId":"/s/1","subscriptionId":"1"}"#,
        "azure/activitylogs",
        "2023-07-10T11:42:00Z",
        &[
            "operationName=Microsoft.X/y/delete",
            "properties.message=Delete y",
            "category=Administrative",
            "ResourceId=/s/1",
        ],
    );
    check(
        r#"{"caller":"a","event_timestamp":"2023-07-10T11:42:00Z","operation_name":{"value":"Microsoft.X/y/delete"},
        "category":{"value":"Administrative"},"resource_id":"/s/1"}"#,
        "azure/activitylogs",
        "2023-07-10T11:42:00Z",
        &["operationName=Microsoft.X/y/delete"],
    );
    check(
        r#"{"TimeGenerated":"2023-07-10T11:42:00Z","OperationNameValue":"Microsoft.X/y/delete","CategoryValue":"Administrative",
        "ResourceProviderValue":"Microsoft.X","Caller":"a@b","Type":"AzureActivity"}"#,
        "azure/activitylogs",
        "2023-07-10T11:42:00Z",
        &["operationName=Microsoft.X/y/delete", "caller=a@b"],
    );
    check(
        r#"{"timeStamp":"2021-10-14T22:17:11+00:00","category":"ApplicationGatewayAccessLog","properties":{"clientIP":"192.0.2.9",
        "httpMethod":"GET","requestUri":"/a/b.php?c=1","userAgent":"curl","httpStatus":200}}"#,
        "azure/applicationgateway/webserver",
        "2021-10-14T22:17:11Z",
        &[
            "cs-method=GET",
            "c-uri=/a/b.php?c=1",
            "cs-uri-stem=/a/b.php",
            "sc-status=200",
            "c-useragent=curl",
            "c-ip=192.0.2.9",
        ],
    );
}

#[test]
fn google() {
    check(
        r#"{"insertId":"i","logName":"projects/p/logs/cloudaudit.googleapis.com%2Factivity","timestamp":"2021-10-19T02:57:47.339377Z",
        "resource":{"type":"k8s_cluster","labels":{"project_id":"p"}},"protoPayload":{"methodName":"io.k8s.core.v1.pods.create",
        "serviceName":"k8s.io","authorizationInfo":[{"granted":true,"permission":"p.create"}]}}"#,
        "gcp/gcp.audit",
        "2021-10-19T02:57:47.339377Z",
        &[
            "gcp.audit.method_name=io.k8s.core.v1.pods.create",
            "data.protoPayload.authorizationInfo.granted=true",
            "data.protoPayload.resource.type=k8s_cluster",
            "data.protoPayload.logName=cloudaudit.googleapis.com%2Factivity",
        ],
    );
    check(
        r#"{"timestamp":"2021-10-19T02:57:47Z","protoPayload":{"serviceName":"admin.googleapis.com",
        "methodName":"google.admin.AdminService.deleteRole","metadata":{"event":[{"eventName":"DELETE_ROLE"}]}}}"#,
        "gcp/gcp.audit.admin",
        "2021-10-19T02:57:47Z",
        &["eventService=admin.googleapis.com", "eventName=DELETE_ROLE"],
    );
    check(
        r#"{"kind":"admin#reports#activity","id":{"time":"2022-12-11T02:57:48.693Z","applicationName":"admin","customerId":"c"},
        "actor":{"email":"a@b"},"events":[{"type":"T","name":"CHANGE_APPLICATION_SETTING","parameters":[
        {"name":"SETTING_NAME","value":"ContextAwareAccess x"},{"name":"NEW_VALUE","value":"false"}]}]}"#,
        "gcp/google_workspace.admin",
        "2022-12-11T02:57:48.693Z",
        &[
            "eventName=CHANGE_APPLICATION_SETTING",
            "new_value=false",
            "setting_name=ContextAwareAccess x",
        ],
    );
    check(
        r#"{"id":{"time":"2022-12-11 02:57:48.693","applicationName":"login"},"actor":{"email":"a@b"},"ipAddress":"192.0.2.1",
        "name":"gov_attack_warning"}"#,
        "gcp/google_workspace.login",
        "2022-12-11T02:57:48.693Z",
        &[
            "protoPayload.serviceName=login.googleapis.com",
            "protoPayload.metadata.event.eventName=gov_attack_warning",
        ],
    );
}

#[test]
fn other_logs_of_google_cloud_are_no_audit() {
    check(
        r#"{"insertId":"i","logName":"projects/p/logs/syslog","resource":{"type":"gce_instance"},"textPayload":"t","timestamp":"2021-10-19T02:57:47Z"}"#,
        "gcp/logging",
        "2021-10-19T02:57:47Z",
        &["textPayload=t"],
    );
}

#[test]
fn identity_providers() {
    check(
        r#"{"published":"2022-03-22T14:21:53.225Z","eventType":"policy.evaluate_sign_on","uuid":"u","actor":{"id":"1",
        "alternateId":"a@b"},"outcome":{"result":"CHALLENGE"},"debugContext":{"debugData":{"behaviors":{"New IP":"POSITIVE"}}}}"#,
        "okta/okta",
        "2022-03-22T14:21:53.225Z",
        &[r#"debugContext.debugData.behaviors={"New IP":"POSITIVE"}"#],
    );
    check(
        r#"{"published":"2022-03-22 14:21:53.225","eventtype":"user.session.start","displaymessage":"m","actor":{"id":"1"},
        "securitycontext":{"isProxy":true},"debugcontext":{"debugData":{"requestUri":"/admin"}}}"#,
        "okta/okta",
        "2022-03-22T14:21:53.225Z",
        &[
            "eventType=user.session.start",
            "displayMessage=m",
            "securityContext.isProxy=true",
            "debugContext.debugData.requestUri=/admin",
        ],
    );
    check(
        r#"{"event_type_id":3,"account_id":1,"user_name":"x"}"#,
        "onelogin/onelogin.events",
        "",
        &["event_type_id=3"],
    );
    check(
        r#"{"event_type":"authentication","isotimestamp":"2020-02-13T18:56:20.351346+00:00","factor":"duo_push","reason":"bypass_user","user":{"name":"x"}}"#,
        "cisco/duo",
        "2020-02-13T18:56:20.351346Z",
        &["reason=bypass_user"],
    );
}

#[test]
fn code_and_clusters() {
    check(
        r#"{"@timestamp":1621305118553,"action":"protected_branch.destroy","actor":"cat","org":"o","repo":"o/r"}"#,
        "github/audit",
        "2021-05-18T02:31:58.553Z",
        &["action=protected_branch.destroy"],
    );
    let audit = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"create","user":{"username":"u"},
        "requestReceivedTimestamp":"2023-01-01T00:00:00.5Z","objectRef":{"resource":"pods","apiGroup":"apps"},
        "requestObject":{"spec":{"volumes":[{"hostPath":{"path":"/"}}],"containers":[{"securityContext":{"capabilities":{"add":["SYS_ADMIN"]}}}]}}}"#;
    let fields = ["apiGroup=apps", "hostPath=/", "capabilities=SYS_ADMIN"];
    check(audit, "kubernetes/audit/application", "2023-01-01T00:00:00.5Z", &fields);
    let text = serde_json::to_string(audit).expect("a string");
    check(
        &format!(
            r#"{{"category":"kube-audit","operationName":"o","resourceId":"r","properties":{{"log":{text}}}}}"#
        ),
        "kubernetes/audit/application",
        "2023-01-01T00:00:00.5Z",
        &fields,
    );
    check(
        r#"{"timestamp":1700000000,"auditType":{"category":"Security","action":"x"},"author":{"name":"n"}}"#,
        "bitbucket/audit",
        "2023-11-14T22:13:20Z",
        &[],
    );
    check(
        r#"{"dst_host":"192.0.2.1","dst_port":21,"utc_time":"2023-01-01 00:00:00.5","logdata":{"USERNAME":"x"},"logtype":2000,"node_id":"n","src_host":"192.0.2.2"}"#,
        "opencanary/application",
        "2023-01-01T00:00:00.5Z",
        &["logtype=2000"],
    );
    check(
        r#"{"EventLog":"RPCFW","EventID":3,"InterfaceUuid":"12345678-1234-abcd-ef00-0123456789ab","OpNum":0}"#,
        "rpc_firewall/application",
        "",
        &["EventID=3"],
    );
}
